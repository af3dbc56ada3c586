"""Make random small clinics, questions and busy times for the oracle."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.bits import Window, occupy
from scheduling.catalog import (
    Catalog,
    Closure,
    Device,
    Location,
    Phase,
    Policy,
    Procedure,
    Qualification,
    Room,
    SpecialDay,
    Therapist,
    WeeklyPeriod,
)
from scheduling.questions import Patient, Question
from scheduling.ticks import from_tick, local_date, to_tick
from scheduling.travel import ways_of
from tests.scheduling.histories import PROCEDURE, TEMPLATES, Histories
from tests.scheduling.oracle import Taken

# Windows of some hours: at clock changes at night, at midnight and by half an hour, and on quiet days.
MOMENTS = (
    ("Europe/London", datetime(2027, 3, 27, 22, tzinfo=UTC)),
    ("Europe/London", datetime(2027, 10, 30, 22, tzinfo=UTC)),
    ("Europe/London", datetime(2027, 6, 1, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 3, 14, 4, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 11, 7, 2, tzinfo=UTC)),
    ("America/Havana", datetime(2027, 3, 14, 3, tzinfo=UTC)),
    ("America/Havana", datetime(2027, 11, 7, 2, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 12, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2027, 5, 3, 16, tzinfo=UTC)),
)
CODES = ("A", "MN_SUP", "MN_DERMAL", "MN_DEEP")
ROOM_KINDS, DEVICE_KINDS = ("bay", "suite"), ("laser", "spin")
WAIVED = (
    "therapist_not_working", "therapist_travelling", "off_grid", "spacing_min", "medical_hold",
    "cooling_off", "one_area_per_visit",
)  # fmt: skip
LOCATION, ELSEWHERE = UUID(int=1), UUID(int=2)
SPECIAL = ((), ((0, 1440),), ((0, 1440),), ((0, 1440),), ((0, 90), (150, 1440)), ((60, 180), (180, 1380)))


@dataclass(frozen=True)
class Example:
    """A question about a random clinic."""

    question: Question
    catalog: Catalog
    taken: Taken
    window: Window
    elsewhere: tuple[tuple[UUID, UUID, int, int], ...] = ()

    @property
    def bits(self) -> dict[tuple[UUID, int], int]:
        taken = {key: self.window.spans(spans) for key, spans in self.taken.items()}
        for person_id, location_id, start, end in self.elsewhere:
            claims = [(person_id, 0, start, end)]
            occupy(taken, self.window, ways_of(claims, location_id, self.catalog))
        return taken


class Maker:
    """Draws the parts of an example from a source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        name, begins = chance.choice(MOMENTS)
        self.zone = ZoneInfo(name)
        start = to_tick(begins) + chance.randrange(0, 12)
        # In a crowded visit most phases run at once and need the same pools, and the staff can do it.
        self.crowded = self.likely(0.4)
        self.window = Window(start, start + chance.randrange(60, 110))
        self.histories = Histories(chance, start, self.zone)

    def some(self, choices: tuple[str, ...], most: int = 2) -> tuple[str, ...]:
        return tuple(self.chance.sample(choices, self.chance.randint(1, most)))

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def example(self) -> Example:
        location = self.location()
        back = {LOCATION: location.travel_minutes[ELSEWHERE]} if location.travel_minutes else {}
        elsewhere = Location(ELSEWHERE, self.zone, travel_minutes=back)
        staff = [self.therapist(UUID(int=10 + n)) for n in range(self.chance.randint(2, 5))]
        rooms = [self.room(UUID(int=20 + n)) for n in range(self.chance.randint(2, 4))]
        devices = [self.device(UUID(int=30 + n), rooms) for n in range(self.chance.randint(1, 4))]
        procedure = self.procedure()
        catalog = Catalog(
            locations={location.id: location, elsewhere.id: elsewhere},
            therapists={one.id: one for one in staff},
            rooms={one.id: one for one in rooms},
            devices={one.id: one for one in devices},
            procedures={procedure.id: procedure},
            spacing_rules=tuple(self.histories.rule(n) for n in range(self.chance.randint(0, 5))),
            hold_rules=self.histories.hold_rules(),
            course_templates=TEMPLATES,
        )
        lanes = [(room.id, lane) for room in rooms for lane in range(room.capacity)]
        lanes += [(one.id, 0) for one in (*staff, *devices)]
        question = Question(
            procedure=procedure,
            location=location,
            areas=self.some(("FACE", "SCALP", "BACK")),
            now=from_tick(self.window.start) + timedelta(minutes=self.chance.randint(-200, 60)),
            patient=self.patient(procedure) if self.likely(0.7) else None,
            therapist_id=self.chance.choice(staff).id if self.likely(0.2) else None,
            room_id=self.chance.choice(rooms).id if self.likely(0.15) else None,
            waived=frozenset(self.some(WAIVED, 3)) if self.likely(0.2) else frozenset(),
            course=self.histories.course(),
            moves=self.likely(0.3),
        )
        taken = {lane: self.spans(4) for lane in lanes}
        away = tuple(
            (one.id, ELSEWHERE, *span) for one in staff if self.likely(0.3) for span in taken[one.id, 0]
        )
        return Example(question, catalog, taken, self.window, away)

    def location(self) -> Location:
        policy = Policy(
            grid_minutes=self.chance.choice((5, 5, 10, 15, 25)),
            min_notice_minutes=self.chance.choice((0, 0, 45)),
            horizon_days=self.chance.choice((0, 1, 30, 30)),
            one_area_per_visit=self.likely(0.15),
            anaesthetic_area_cm2=self.chance.choice((400, 1200)),
            consultation_valid_days=self.chance.choice((0, 2, 9)),
            consultation_renewal_months=self.chance.choice((0, 1)),
            cooling_off_hours=self.chance.choice((0, 3, 24)),
            numbing_gap_minutes=self.chance.choice((0, 5, 15)),
            skin_type_extra_days=self.chance.choice((0, 2)),
        )
        closures = [Closure(UUID(int=3), *span) for span in self.spans(1, share=0.3)]
        return Location(
            LOCATION,
            self.zone,
            self.week(),
            tuple(closures),
            policy,
            self.holidays(),
            self.special_days(),
            {ELSEWHERE: self.chance.choice((0, 5, 15, 60))} if self.likely(0.3) else {},
        )

    def holidays(self) -> tuple[date, ...]:
        """Return mostly no dates, else some dates in and around the window."""
        first = local_date(self.window.start, self.zone)
        around = [first + timedelta(days=day) for day in range(-1, 3)]
        return tuple(sorted(self.chance.sample(around, 2))) if self.likely(0.2) else ()

    def special_days(self) -> tuple[SpecialDay, ...]:
        """Return mostly nothing, else the hours of some dates in and around the window."""
        if not self.likely(0.12):
            return ()
        first = local_date(self.window.start, self.zone)
        dates = sorted(self.chance.sample(range(-1, 3), 2))
        return tuple(SpecialDay(first + timedelta(days=day), self.chance.choice(SPECIAL)) for day in dates)

    def week(self) -> tuple[WeeklyPeriod, ...]:
        """Return hours for every weekday, round the clock or interrupted at odd times of the night."""
        cuts = self.chance.choice(
            ((0, 1440), (0, 1440), (0, 1440), (0, 90, 150, 1440), (30, 120), (90, 1440), (0, 125, 720, 1440))
        )
        pairs = list(zip(cuts[::2], cuts[1::2], strict=True))
        begins = date(2027, 3, 1) if self.likely(0.1) else None
        ends = local_date(self.window.start, self.zone) if self.likely(0.15) else None
        if self.likely(0.08):
            since = local_date(self.window.start, self.zone) - timedelta(days=self.chance.randint(0, 30))
            every = self.chance.choice((2, 3))
            return tuple(
                WeeklyPeriod(day, starts, stops, since, None, every)
                for day in range(7)
                for starts, stops in pairs
            )
        return tuple(
            WeeklyPeriod(day, starts, stops, begins if ends is None else None, ends)
            for day in range(7)
            for starts, stops in pairs
        )

    def therapist(self, key: UUID) -> Therapist:
        hours = {LOCATION: self.week()} if self.likely(0.9) else {ELSEWHERE: self.week()}
        held = tuple(self.qualification() for _ in range(self.chance.randint(2, 5)))
        held += (Qualification("A"), Qualification("MN_SUP")) if self.crowded else ()
        special = {where: self.special_days() for where in (LOCATION, ELSEWHERE)}
        return Therapist(key, self.likely(0.8), held, hours, self.likely(0.95), special)

    def qualification(self) -> Qualification:
        today = local_date(self.window.start, self.zone)
        turn = today + timedelta(days=self.chance.randint(-1, 1))
        valid_from, valid_until = self.chance.choice(((None, None), (None, None), (None, turn), (turn, None)))
        return Qualification(
            code=self.chance.choice(CODES),
            valid_from=valid_from,
            valid_until=valid_until,
            location_id=self.chance.choice((None, None, LOCATION, ELSEWHERE)),
            max_depth_mm=self.chance.choice((None, None, 0.5, 2.0, {"FACE": 0.5, "SCALP": 2.5})),
        )

    def room(self, key: UUID) -> Room:
        capacity = self.chance.choice((1, 1, 2))
        return Room(key, LOCATION, self.chance.choice(ROOM_KINDS), capacity, self.likely(0.95))

    def device(self, key: UUID, rooms: list[Room]) -> Device:
        room_id = self.chance.choice(rooms).id if self.likely(0.5) else None
        return Device(key, LOCATION, self.chance.choice(DEVICE_KINDS), room_id)

    def procedure(self) -> Procedure:
        count = self.chance.randint(1, 4)
        phases = [
            self.phase(self.chance.choice(("intake", "numbing", "numbing", "prep"))) for _ in range(count - 1)
        ]
        main = self.phase("procedure" if self.likely(0.95) else "consultation", therapist=self.likely(0.8))
        phases.insert(self.chance.choice((count - 1, self.chance.randrange(count))), main)
        return Procedure(
            id=PROCEDURE,
            code=self.chance.choice(("P", "Q")),
            family=self.chance.choice(("F", "G")),
            areas=("FACE",),
            depth_mm=self.chance.choice((None, 0.5, 1.0)),
            qualifications=self.some(CODES, 1) if self.likely(0.4) else (),
            qualifications_any=self.some(CODES) if self.likely(0.4) else (),
            counts_as=self.chance.choice((None, "ipl")),
            phases=tuple(phases),
            prerequisites=self.histories.prerequisites(),
        )

    def patient(self, procedure: Procedure) -> Patient:
        return self.histories.patient(procedure.prerequisites, tuple(self.spans(1, share=0.4)))

    def phase(self, kind: str, *, therapist: bool = False) -> Phase:
        minutes = 5 * self.chance.randint(1, 5)
        return Phase(
            name=kind,
            kind=kind,
            minutes=minutes,
            min_minutes=self.chance.choice((None, minutes)) if kind == "numbing" else None,
            max_minutes=self.chance.choice((None, minutes)) if kind == "numbing" else None,
            therapist=therapist or self.likely(0.2),
            assistant=self.chance.choice(("A", "MN_SUP"))
            if self.likely(0.6 if self.crowded else 0.2)
            else None,
            room_kinds=self.some(ROOM_KINDS, 1 if self.crowded else 2) if self.likely(0.7) else (),
            device_kinds=self.some(DEVICE_KINDS) if self.likely(0.5 if self.crowded else 0.1) else (),
            patient=kind in {"procedure", "consultation"} or self.likely(0.8),
            at_minute=5 * self.chance.randint(0, 6) if self.likely(0.8 if self.crowded else 0.2) else None,
        )

    def spans(self, most: int, share: float = 0.8) -> list[tuple[int, int]]:
        """Return disjoint busy spans, some over the window's edges, sorted."""
        if not self.likely(share / 2 if self.crowded else share):
            return []
        reach = range(self.window.start - 6, self.window.end + 6)
        bounds = sorted(self.chance.sample(reach, 2 * self.chance.randint(1, most)))
        return list(zip(bounds[::2], bounds[1::2], strict=True))
