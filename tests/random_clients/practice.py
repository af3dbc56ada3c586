"""The base of random clients: a clinic with a clock, and requests with expected answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import select
from werkzeug.test import TestResponse

from models import Appointment, Block, Closure, MedicalHold, WaitlistEntry
from models.database import Database
from tests.support.cast import (
    Made,
    create_clinic,
    create_location,
    create_patient,
    create_procedure,
    create_room,
    create_rule,
    create_therapist,
    every_day,
    instant,
    rows,
    short_phases,
    standard_phases,
)
from tests.support.copying import MakeClinic
from tests.support.desk import Desk
from tests.support.soundness import FLOOR_DAYS, assert_rows_sound
from tests.support.widgets import create_widget

FIRST_NOW = "2027-03-15T08:00:00+00:00"  # A Monday; the clocks change on the Sunday after the next.
OPEN = {"opens": "09:00", "closes": "12:30"}
# These days lie close together, and around the floor and the minimum.
DAYS = (0, 0, 0, 1, 2, FLOOR_DAYS - 1, FLOOR_DAYS, FLOOR_DAYS + 1, 27, 28)
LIVE = ("booked", "confirmed", "arrived", "numbing", "in_progress")
KEPT = (Block, Closure, MedicalHold, WaitlistEntry)
TRANSITIONS = {
    "confirm": ("booked",),
    "arrive": ("booked", "confirmed", "no_show"),
    "start-numbing": ("arrived",),
    "start": ("arrived", "numbing"),
    "complete": ("in_progress",),
    "cancel": ("held", "booked", "confirmed", "arrived", "numbing"),
    "no-show": ("booked", "confirmed"),
    "reschedule": ("booked", "confirmed"),
    "reassign": ("booked", "confirmed", "arrived", "numbing"),
}

picks = st.integers(0, 10_000)
days = st.sampled_from(DAYS)
times = st.sampled_from([f"{hour:02}:{minute:02}" for hour in range(9, 13) for minute in range(0, 60, 5)])


@dataclass(frozen=True)
class Cast:
    """The clinic's desk, and its objects by kind."""

    desk: Desk
    locations: list[Made]
    procedures: list[Made]
    therapists: list[Made]
    rooms: list[Made]
    devices: list[Made]
    patients: list[Made]
    courses: list[Made]


def create_cast(make_clinic: MakeClinic) -> Cast:
    """Create a clinic of two locations with a numbing bay for two, a device, and rule S02."""
    hours = every_day(**OPEN)
    clinic = create_clinic(
        make_clinic().at(FIRST_NOW),
        rooms=[{"kind": "treatment"}, {"kind": "treatment"}, {"kind": "numbing", "capacity": 2}],
        procedure={"code": "MN_FACE_STD", "phases": standard_phases()},
        opening_hours=hours,
    )
    desk, other = (
        clinic.desk,
        create_location(clinic.desk, name="New York", timezone="America/New_York", opening_hours=hours),
    )
    rooms = desk.get("/rooms").get_json()["items"]
    rooms += [create_room(desk, other), create_room(desk, other, name="Bay", kind="numbing")]
    device = desk.made("/devices", location_id=clinic.location["id"], name="Pen", kind="rf")
    phases = short_phases(turnover=10)
    phases[0] |= {"device_kinds": ["rf"]}
    create_rule(desk)
    patients = [clinic.patient, *(create_patient(desk, name=f"Patient {one}") for one in range(3))]
    return Cast(
        desk=desk,
        locations=[clinic.location, other],
        procedures=[
            clinic.procedure,
            create_procedure(desk, code="MN_NECK", areas=["NECK"], phases=phases),
            create_procedure(desk, code="MN_PLAIN"),
        ],
        therapists=[clinic.therapist, create_therapist(desk, clinic.location, other, name="Second")],
        rooms=rooms,
        devices=[device],
        patients=patients,
        courses=[
            desk.made("/courses", patient_id=one["id"], procedure_id=clinic.procedure["id"], sessions=3)
            for one in patients[:2]
        ],
    )


class Clients(RuleBasedStateMachine):
    """A clinic whose clients act one after the other; its rows are checked after each act."""

    def __init__(self, database: Database, cast: Cast) -> None:
        super().__init__()
        self.present: set[str] = set()
        self.kept: dict[Any, list[Any]] = {model: [] for model in KEPT}
        self.database, self.cast = database, cast
        self.now = instant(FIRST_NOW)
        self.limited_keys: dict[str, str] = {}
        self.widget_key = create_widget(cast.desk, "appointments:write").key

    @invariant()
    def rows_are_sound(self) -> None:
        """Check every row, and note the objects that clients may act on."""
        assert_rows_sound(self.database, self.cast.desk)
        with self.database.transaction(self.cast.desk.clinic_id) as session:
            self.present = set(session.scalars(select(Appointment.status)))
            self.kept = {model: list(session.scalars(select(model).order_by(model.id))) for model in KEPT}

    def has(self, *statuses: str) -> bool:
        """Tell whether a visit has any of these statuses."""
        return not self.present.isdisjoint(statuses)

    @property
    def desk(self) -> Desk:
        """Give the desk at the present instant."""
        return self.cast.desk.at(self.now.isoformat())

    def pass_until(self, then: datetime) -> None:
        """Let time pass until an instant, unless that lies in the past."""
        self.now = max(self.now, then)

    def expect(self, answer: TestResponse, *expected: int) -> Any:
        """Insist on any of these statuses, and on a code in a problem; give the body."""
        assert answer.status_code in expected, (answer.status_code, answer.text)
        if answer.status_code == 204:
            return None
        body = answer.get_json()
        if answer.status_code >= 400:
            assert body["code"]
            assert body["code"] != "refused" or body["refusals"]
        return body

    def refused(self, answer: TestResponse, code: str, status: int = 409) -> None:
        """Insist on a problem of a code and a status."""
        assert self.expect(answer, status)["code"] == code

    def at(self, location: Made, day: int, time: str) -> datetime:
        """Give a wall-clock time of a location, some days from now."""
        on = self.now.astimezone(ZoneInfo(location["timezone"])).date() + timedelta(days=day)
        return datetime.fromisoformat(f"{on}T{time}").replace(tzinfo=ZoneInfo(location["timezone"]))

    def found(self, wish: Made, day: int, *, desk: Desk | None = None, **query: Any) -> list[str]:
        """Search a day for a wished visit, by default from the desk; give the arrivals."""
        named = ("procedure_id", "location_id", "patient_id", "therapist_id", "course_id")
        asked = {name: wish.get(name) for name in named}
        first = self.at(self.place(wish), day, "00:00").date()
        until = first + timedelta(days=1)
        answer = (desk or self.desk).get(
            "/availability", from_=str(first), until=str(until), **asked, **query
        )
        return [slot["starts_at"] for slot in self.expect(answer, 200)["slots"]]

    def wish(self, pick: int, **fields: Any) -> Made:
        """Give the wish for a visit of a patient, chosen by a number."""
        who, what = self.one(self.cast.patients, pick), self.one(self.cast.procedures, pick // 5)
        where = self.cast.locations[pick % 7 == 0]
        if where is self.cast.locations[1] and what is self.cast.procedures[1]:
            what = self.cast.procedures[0]
        wish = {"patient_id": who["id"], "procedure_id": what["id"], "location_id": where["id"]} | fields
        return {name: value for name, value in wish.items() if value is not None}

    def place(self, wish: Made) -> Made:
        """Give the location of a wish."""
        return next(one for one in self.cast.locations if one["id"] == wish["location_id"])

    def is_numbed(self, visit: Appointment) -> bool:
        """Tell whether a visit's procedure has a numbing phase."""
        return str(visit.procedure_id) == str(self.cast.procedures[0]["id"])

    def is_its_day(self, visit: Appointment) -> bool:
        """Tell whether it is the visit's day at its location."""
        zone = next(
            ZoneInfo(one["timezone"]) for one in self.cast.locations if one["id"] == str(visit.location_id)
        )
        return self.now.astimezone(zone).date() == visit.starts_at.astimezone(zone).date()

    def one(self, among: Sequence[Any], pick: int) -> Any:
        """Pick an element of a sequence by a number."""
        return among[pick % len(among)]

    def all(self, model: Any) -> list[Any]:
        """Read every row of a model."""
        return rows(self.database, self.cast.desk, model)

    def visits(self, *statuses: str) -> list[Appointment]:
        """Read the visits and holds of these statuses, or of all, in order of time."""
        found = self.all(Appointment)
        return sorted(
            (one for one in found if not statuses or one.status in statuses),
            key=lambda one: (one.starts_at, one.id),
        )

    def live(self) -> list[Appointment]:
        """Read the visits that are to come or under way."""
        return self.visits(*LIVE)

    def act(self, action: str, visit: Appointment, **body: Any) -> TestResponse:
        """Take an action on a visit as it is now."""
        needed = {"reason_code": "patient"} if action == "cancel" else {}
        sent = {"version": visit.version} | needed | body
        return self.desk.post(f"/appointments/{visit.id}/{action}", sent)
