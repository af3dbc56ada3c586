"""Random visits of a patient are booked, moved and cancelled over HTTP, and never lie below a floor.

After every step the promises are held against a table of our own: no two sessions are closer than the floor
between them, what is found can be booked and nothing else can, and a refusal's first date is exact.
"""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import combinations
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Appointment
from models.database import Database
from tests.support.cast import (
    NOW,
    Made,
    create_clinic,
    create_location,
    create_patient,
    create_procedure,
    create_room,
    create_rule,
    create_therapist,
    rows,
)
from tests.support.desk import Desk
from tests.support.racing import assert_sound

FIRST = date(2027, 3, 1)
DAYS = 60
STEPS = 14
ASKED_AT = 14
SUP, STD, DEEP, FILLER = "MN_FACE_SUP", "MN_FACE_STD", "MN_FACE_DEEP", "FILLER"
FAMILIES = {SUP: "MN", STD: "MN", DEEP: "MN_DEEP", FILLER: "FILLER"}
NUMBERS = {"recommended_days": None, "override_by": "clinician"}
# The rules of this clinic, in our own words: (earlier, later) by family unless both name a procedure.
S02, S03, S04, X02 = (14, 28), (20, 42), (14, 28), (7, 14)
S01, OF_COURSE = (7, 14), (3, 5)


def deciding_floor(earlier: Appointment, later: Appointment, codes: dict[UUID, str]) -> int:
    """Give the floor between two sessions by the most specific rule about them."""
    one, two = codes[earlier.procedure_id], codes[later.procedure_id]
    if earlier.course_id is not None and later.course_id is not None:
        return OF_COURSE[0]
    if one == two == SUP:
        return S01[0]
    by_family = {
        ("MN", "MN"): S02[0], ("MN_DEEP", "MN"): S03[0], ("MN_DEEP", "MN_DEEP"): max(S03[0], S04[0]),
        ("MN", "MN_DEEP"): S04[0], ("MN", "FILLER"): X02[0], ("FILLER", "MN"): X02[0],
    }  # fmt: skip
    return by_family.get((FAMILIES[one], FAMILIES[two]), 0)


class Life:
    """Random visits of a patient at two locations, within a course and outside of it."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.chance = chance
        clinic = create_clinic(desk, timezone="Europe/London")
        far = create_location(desk, name="Far", timezone="Pacific/Auckland")
        create_room(desk, far)
        create_therapist(desk, far, name="Far")
        self.procedures = [
            create_procedure(desk, code=code, family=FAMILIES[code]) for code in (SUP, STD, DEEP)
        ]
        self.procedures.append(
            create_procedure(desk, code=FILLER, family="FILLER", counts_as="dermal_filler")
        )
        self.codes = {UUID(one["id"]): one["code"] for one in self.procedures}
        self.clinic, self.places = clinic, [clinic.location, far]
        self._rules(desk)
        template = desk.made(
            "/course-templates",
            code="QUICK",
            name="Quick",
            sessions=20,
            procedure_ids=[one["id"] for one in self.procedures[:2]],
            spacing=NUMBERS | {"floor_days": OF_COURSE[0], "min_days": OF_COURSE[1]},
        )  # fmt: skip
        self.patient = create_patient(desk)
        self.course = desk.made("/courses", patient_id=self.patient["id"], template_id=template["id"])
        self.visits: list[Made] = []
        self.booked = 0

    def _rules(self, desk: Desk) -> None:
        mn, deep = {"family": "MN"}, {"family": "MN_DEEP"}
        own, filler = {"procedure": SUP}, {"event": "dermal_filler"}
        sides = (
            (S01, own, own), (S02, mn, mn), (S03, deep, mn), (S03, deep, deep), (S04, mn, deep),
            (S04, deep, deep), (X02, mn, filler), (X02, filler, mn),
        )  # fmt: skip
        for number, ((floor, least), after, before) in enumerate(sides):
            days = NUMBERS | {"floor_days": floor, "min_days": least}
            create_rule(desk, code=f"R{number}", after=after, before=before, **days)

    def wish(self) -> Made:
        procedure, place = self.chance.choice(self.procedures), self.chance.choice(self.places)
        courses = (None, self.course["id"]) if procedure["code"] in {SUP, STD} else (None,)
        return {
            "procedure_id": procedure["id"], "location_id": place["id"], "patient_id": self.patient["id"],
            "course_id": self.chance.choice(courses),
        }  # fmt: skip

    def start(self, wish: Made, on: date, hour: int = 10) -> str:
        """Give a time of the place's own day."""
        (place,) = [one for one in self.places if one["id"] == wish["location_id"]]
        return datetime.combine(on, time(hour), ZoneInfo(place["timezone"])).isoformat()

    def day(self) -> date:
        return FIRST + timedelta(days=self.chance.randrange(DAYS))

    def step(self) -> None:
        """Book, with or without an override, move or cancel."""
        kind = self.chance.choices(("book", "move", "cancel"), (6, 3, 1))[0]
        if kind == "book" or not self.visits:
            self._book()
        elif kind == "move":
            self._move(self.chance.randrange(len(self.visits)))
        else:
            self.clinic.acted(
                "cancel",
                self._fresh(self.visits.pop(self.chance.randrange(len(self.visits)))),
                reason_code="patient",
            )

    def _book(self) -> None:
        wish = self.wish()
        override = {"codes": ["spacing_min", "washout_min"], "reason": "Seen."}
        body = wish | {"starts_at": self.start(wish, self.day())}
        if self.chance.random() < 0.3:
            body["override"] = override
        answer = self.clinic.desk.post("/appointments", body)
        assert answer.status_code in {201, 409}, answer.text
        if answer.status_code == 201:
            self.booked += 1
            self.visits.append(answer.get_json())

    def _move(self, place: int) -> None:
        visit = self._fresh(self.visits[place])
        target = {"location_id": self.chance.choice(self.places)["id"]}
        starts_at = self.start(target, self.day())
        answer = self.clinic.act("reschedule", visit, starts_at=starts_at, **target)
        assert answer.status_code in {200, 409}, answer.text

    def _fresh(self, visit: Made) -> Made:
        found: Made = self.clinic.desk.get(f"/appointments/{visit['id']}").get_json()
        return found


def refusals(life: Life, wish: Made, on: date) -> list[Made]:
    """Give the refusals of a dry run on a date, at an hour at which no other visit is in the way."""
    body = wish | {"starts_at": life.start(wish, on, ASKED_AT)}
    answer = life.clinic.desk.post("/appointments/validate", body)
    assert answer.status_code == 200, answer.text
    told: list[Made] = answer.get_json()["refusals"]
    assert answer.get_json()["bookable"] == (not told)
    return told


def is_found(life: Life, wish: Made, on: date) -> bool:
    """Tell whether a search finds that hour of the date."""
    query = {"from_": on.isoformat(), "until": (on + timedelta(days=1)).isoformat()}
    answer = life.clinic.desk.get("/availability", **wish | query)
    assert answer.status_code == 200, answer.text
    starts = {slot["starts_at"] for slot in answer.get_json()["slots"]}
    return life.start(wish, on, ASKED_AT) in starts


def assert_floors(life: Life, database: Database) -> None:
    """Insist that no two sessions of the patient are closer than the floor between them."""
    live = [
        one
        for one in rows(database, life.clinic.desk, Appointment)
        if one.status not in {"cancelled", "no_show"}
    ]
    for one, two in combinations(live, 2):
        orders = [(one, two)] if one.local_date < two.local_date else [(two, one)]
        orders = [(one, two), (two, one)] if one.local_date == two.local_date else orders
        gap = abs((one.local_date - two.local_date).days)
        assert all(gap >= deciding_floor(*order, life.codes) for order in orders)


def assert_search_and_judgement_agree(life: Life) -> None:
    """Insist that a date is found exactly when it can be booked, and that a refusal's first date is exact."""
    wish, on = life.wish(), life.day()
    told = refusals(life, wish, on)
    assert is_found(life, wish, on) == (not told)
    for first in {date.fromisoformat(one["earliest_on"]) for one in told}:
        assert first > on
        assert refusals(life, wish, first - timedelta(days=1))
        assert not refusals(life, wish, first)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**48))
def test_whatever_happens_the_floors_stand_and_search_and_judgement_agree(
    make_clinic: Callable[..., Desk], database: Database, seed: int
) -> None:
    life = Life(make_clinic().at(NOW), random.Random(seed))
    for _ in range(STEPS):
        life.step()
        assert_floors(life, database)
        assert_search_and_judgement_agree(life)

    assert life.booked > 0
    assert_sound(database, life.clinic.desk)
