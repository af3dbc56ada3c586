"""Make random patients with sessions and medical holds, and rules about them."""

import random
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.clinical import FAMILIES_OF_EVENT
from scheduling.questions import CourseOf, MedicalHold, Patient, Session
from scheduling.rulebook import CourseTemplate, HoldRule, Matcher, Prerequisite, SpacingRule
from scheduling.ticks import local_date

PROCEDURE = UUID(int=4)
TEMPLATES = {
    UUID(int=n): CourseTemplate(code, (PROCEDURE,), 3, 1, 2) for n, code in ((81, "ONE"), (82, "TWO"))
}
HOLD_CODES = ("infection", "pregnancy", "under_age", "anaesthetic_reaction")
PREREQUISITES = ("CONSULT", "PHOTO")
TREATED = (("FACE",), ("PERIORBITAL",), ("SCALP", "BACK"), ("NECK",), ())


class Histories:
    """Draws patients and rules about them, around a tick in a zone, from a source of chance."""

    def __init__(self, chance: random.Random, moment: int, zone: ZoneInfo, reach: int = 12) -> None:
        self.chance, self.moment, self.zone, self.reach = chance, moment, zone, reach
        self.today = local_date(moment, zone)

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def near(self, reach: int | None = None) -> date:
        days = self.reach if reach is None else reach
        return self.today + timedelta(days=self.chance.randint(-days, days))

    def patient(self, prerequisites: tuple[Prerequisite, ...], busy: tuple[tuple[int, int], ...]) -> Patient:
        sessions = [self.session() for _ in range(self.chance.randint(0, 3))]
        sessions += [self.elsewhere()] if self.likely(0.2) else []
        sessions += [self.first(one.family) for one in prerequisites if self.likely(0.85)]
        sessions += [self.first(one.family) for one in prerequisites if self.likely(0.2)]
        sessions += [self.talk(one.family) for one in prerequisites if self.likely(0.2)]
        holds = [self.hold(UUID(int=600 + n)) for n in range(self.chance.choice((0, 0, 0, 1, 2)))]
        born = self.near(2).replace(year=self.today.year - 18) if self.likely(0.2) else None
        skin = self.chance.choice((None, 3, 4, 6))
        return Patient(UUID(int=5), busy, tuple(sessions), tuple(holds), born, skin)

    def session(self) -> Session:
        """Return a treatment at this clinic, performed or to come."""
        on = self.near(self.chance.choice((3, self.reach)))
        needs = {family for family in PREREQUISITES if self.likely(0.3)}
        return Session(
            appointment_id=UUID(int=700 + self.chance.randrange(99)),
            on=on,
            procedure=self.chance.choice(("P", "Q")),
            family=self.chance.choice(("F", "G")),
            event=self.chance.choice((None, "ipl")),
            areas=self.chance.choice(TREATED),
            performed=on < self.today,
            ends=self.moment + 288 * (on - self.today).days + self.chance.randint(-30, 130),
            requires=frozenset(needs),
            course=self.course(),
        )

    def elsewhere(self) -> Session:
        """Return a treatment that another clinic gave; needling counts like a session here."""
        event = self.chance.choice(("ipl", "micro_needling"))
        like = ("F", *FAMILIES_OF_EVENT[event]) if event == "micro_needling" else ()
        return Session(
            None, self.near(), "", "", event, self.chance.choice(TREATED), True, UUID(int=65), like
        )  # fmt: skip

    def first(self, family: str) -> Session:
        """Return a visit that is a prerequisite, around the moment or long before it."""
        ends = (
            self.moment
            + self.chance.choice((-288 * self.chance.randint(0, 9), 0))
            + self.chance.randint(-150, 60)
        )
        return Session(UUID(int=66), local_date(ends, self.zone), family, family, ends=ends)

    def talk(self, family: str) -> Session:
        """Return a consultation that another clinic gave."""
        return Session(None, self.near(), "", "", "consultation", (), True, UUID(int=67), (family,))

    def course(self) -> CourseOf | None:
        template = self.chance.choice((None, *TEMPLATES.values()))
        return CourseOf(UUID(int=80), template, self.likely(0.5)) if self.likely(0.4) else None

    def hold(self, key: UUID) -> MedicalHold:
        opened = self.near()
        resolved, earliest = (self.near() if self.likely(0.4) else None for _ in range(2))
        areas = self.chance.choice(((), ("FACE",), ("SCALP",)))
        return MedicalHold(
            key, self.chance.choice(HOLD_CODES), opened, areas, resolved, earliest, self.likely(0.2)
        )

    def hold_rules(self) -> dict[str, HoldRule]:
        return {
            code: HoldRule(
                code=code,
                rule_id=f"H{number:02}",
                blocks=self.likely(0.7),
                numbing_only=code == "anaesthetic_reaction",
                days_after_resolved=self.chance.randint(0, self.reach // 2),
                minimum_age=18 if code == "under_age" else None,
                released_by=self.chance.choice(("clinician", "dermatologist")),
            )
            for number, code in enumerate(HOLD_CODES)
            if self.likely(0.8)
        }

    def prerequisites(self) -> tuple[Prerequisite, ...]:
        families = self.chance.sample(PREREQUISITES, self.chance.choice((0, 0, 0, 1, 1, 2)))
        return tuple(self.prerequisite(family) for family in families)

    def prerequisite(self, family: str) -> Prerequisite:
        hours, days = (None, 0, 2, 30), (None, 0, 1, self.reach)
        return Prerequisite(family, self.chance.choice(hours), self.chance.choice(days))

    def rule(self, number: int) -> SpacingRule:
        days = sorted(self.chance.randint(0, 9) for _ in range(3))
        scope = self.chance.choice(("area", "area", "patient"))
        key, code = UUID(int=50 + number), f"R{number}"
        return SpacingRule(key, code, self.matcher(), self.matcher(), scope, *days, None, "clinician")

    def matcher(self) -> Matcher:
        named = self.chance.choice(
            (
                {"family": "F"}, {"family": "F"}, {"family": "G"}, {"procedure": "P"},
                {"event": "ipl"}, {"event": "ipl"}, {"template": "ONE"},
            )
        )  # fmt: skip
        return Matcher(**named, areas=self.chance.choice(((), (), ("FACE", "BACK"))))
