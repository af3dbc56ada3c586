"""Create small clinics over HTTP for the booking tests; each field can be given another value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from models import Appointment, AuditEntry, Event, Occupancy, SpacingClaim
from models.database import Database
from tests.support.desk import Desk

Made = dict[str, Any]

NOW = "2027-01-04T08:00:00+00:00"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNKNOWN_ID = "018f3f3e-0000-7000-8000-0000000000ff"
WRITTEN = (Appointment, Occupancy, SpacingClaim, Event)


def every_day(opens: str = "09:00", closes: str = "19:00") -> list[Made]:
    """Give the same opening hours for each day of the week."""
    return [{"weekday": day, "opens": opens, "closes": closes} for day in WEEK]


def working(location: Made, starts: str = "09:00", ends: str = "19:00") -> list[Made]:
    """Give the same working hours at a location for each day of the week."""
    at = {"location_id": location["id"], "starts": starts, "ends": ends}
    return [{"weekday": day, **at} for day in WEEK]


def short_phases(minutes: int = 20, turnover: int = 0) -> list[Made]:
    """Give the phases of a treatment in a treatment room, with or without a turnover."""
    needling = {"name": "Needling", "kind": "procedure", "minutes": minutes}
    phases = [needling | {"therapist": True, "room_kinds": ["treatment"]}]
    if turnover:
        cleaning = {"name": "Turnover", "kind": "turnover", "minutes": turnover, "patient": False}
        phases.append(cleaning | {"room_kinds": ["treatment"]})
    return phases


def create_location(desk: Desk, **overrides: Any) -> Made:
    """Create a location that is open from 09:00 to 19:00 all week."""
    return desk.made(
        "/locations",
        **{"name": "London", "timezone": "Europe/London", "opening_hours": every_day()} | overrides,
    )


def create_room(desk: Desk, location: Made, **overrides: Any) -> Made:
    """Create a treatment room."""
    return desk.made(
        "/rooms", **{"location_id": location["id"], "name": "Room", "kind": "treatment"} | overrides
    )


def create_therapist(desk: Desk, *locations: Made, **overrides: Any) -> Made:
    """Create a therapist who works all week at the locations and needs no qualification."""
    hours = [period for location in locations for period in working(location)]
    return desk.made("/therapists", **{"name": "Therapist", "working_hours": hours} | overrides)


def create_staffed_location(desk: Desk, **overrides: Any) -> Made:
    """Create a location with a treatment room and a therapist of its own."""
    location = create_location(desk, **{"name": "Other"} | overrides)
    create_room(desk, location)
    create_therapist(desk, location, name="Other therapist")
    return location


def create_patient(desk: Desk, **overrides: Any) -> Made:
    """Create a patient."""
    return desk.made("/patients", **{"name": "Patient"} | overrides)


def another_patient(clinic: "Clinic", **overrides: Any) -> "Clinic":
    """Give the same clinic with a new patient."""
    return replace(clinic, patient=create_patient(clinic.desk, **overrides))


def create_procedure(desk: Desk, **overrides: Any) -> Made:
    """Create a procedure that needles the face in 20 minutes with a therapist in a treatment room."""
    fields = {"code": "MN_SHORT", "name": "Needling", "family": "MN", "areas": ["FACE"], "online": True}
    return desk.made("/procedures", **fields | {"phases": short_phases()} | overrides)


def create_rule(desk: Desk, **overrides: Any) -> Made:
    """Create rule S02: a floor of 14 days in the family MN, a minimum of 28 and 35 recommended."""
    fields = {"code": "S02", "after": {"family": "MN"}, "before": {"family": "MN"}, "scope": "area"}
    days = {"floor_days": 14, "min_days": 28, "recommended_days": 35, "override_by": "clinician"}
    return desk.made("/spacing-rules", **fields | days | overrides)


def create_template(clinic: "Clinic", **overrides: Any) -> Made:
    """Create a course template of 2 to 4 sessions, 3 by default, of the clinic's procedure."""
    fields = {"code": "FACES", "name": "Faces", "procedure_ids": [clinic.procedure["id"]]}
    numbers = {"sessions": 3, "min_sessions": 2, "max_sessions": 4}
    return clinic.desk.made("/course-templates", **fields | numbers | overrides)


def create_course(clinic: "Clinic", **overrides: Any) -> Made:
    """Create a course of two sessions of the clinic's procedure for its patient."""
    of_what = {} if "template_id" in overrides else {"procedure_id": clinic.procedure["id"], "sessions": 2}
    return clinic.desk.made("/courses", **{"patient_id": clinic.patient["id"]} | of_what | overrides)


def shown_course(clinic: "Clinic", course: Made) -> Made:
    """Read a course."""
    found: Made = clinic.desk.get(f"/courses/{course['id']}").get_json()
    return found


def performed(clinic: "Clinic", day: str, **fields: Any) -> Made:
    """Book a visit for 10:00 UTC on a day of March 2027 and take it to its end."""
    return performed_at(clinic, f"2027-03-{day}T10:00:00Z", **fields)


def performed_at(clinic: "Clinic", at: str, **fields: Any) -> Made:
    """Book a visit and take it to its end."""
    visit = clinic.booked(at, **fields)
    for action in ("arrive", "start", "complete"):
        visit = clinic.at(at).acted(action, visit)
    return visit


def create_key(desk: Desk, *scopes: str, **fields: Any) -> Desk:
    """Create a secret key and give the desk that uses it."""
    made = desk.made("/api-keys", name="Key", kind="secret", scopes=list(scopes), **fields)
    return desk.using(made["key"])


@dataclass(frozen=True)
class Clinic:
    """A clinic's desk, and the objects that its bookings name; `replace` exchanges them."""

    desk: Desk
    location: Made
    procedure: Made
    therapist: Made
    patient: Made

    def at(self, now: str) -> Self:
        """Give the same clinic at another instant."""
        return replace(self, desk=self.desk.at(now))

    def using(self, desk: Desk) -> Self:
        """Give the same clinic with another key, at this clinic's instant."""
        return replace(self, desk=replace(desk, now=self.desk.now))

    def wish(self, starts_at: str, **overrides: Any) -> Made:
        """Give the body of a booking; a field of None is left out."""
        named = {"procedure": self.procedure, "location": self.location, "patient": self.patient}
        body = {f"{name}_id": one["id"] for name, one in named.items()} | {"starts_at": starts_at}
        return {name: value for name, value in (body | overrides).items() if value is not None}

    def book(self, starts_at: str, **overrides: Any) -> TestResponse:
        """Ask for a visit."""
        return self.desk.post("/appointments", self.wish(starts_at, **overrides))

    def booked(self, starts_at: str, **overrides: Any) -> Made:
        """Book a visit and insist on 201; give the appointment."""
        answer = self.book(starts_at, **overrides)
        assert answer.status_code == 201, answer.text
        made: Made = answer.get_json()
        return made

    def hold(self, starts_at: str, **overrides: Any) -> TestResponse:
        """Ask for a hold, without a patient unless the fields name a patient."""
        return self.desk.post("/holds", self.wish(starts_at, **{"patient_id": None} | overrides))

    def held(self, starts_at: str, **overrides: Any) -> Made:
        """Hold a slot and insist on 201; give the hold."""
        answer = self.hold(starts_at, **overrides)
        assert answer.status_code == 201, answer.text
        made: Made = answer.get_json()
        return made

    def convert(self, hold: Made, **fields: Any) -> TestResponse:
        """Ask to book a hold, for the clinic's patient unless another is given."""
        body = {"hold_id": hold["id"], "patient_id": self.patient["id"]} | fields
        return self.desk.post("/appointments", body)

    def act(self, action: str, appointment: Made, body: Made | None = None, **fields: Any) -> TestResponse:
        """Take an action on an appointment at the version that is given."""
        sent = {"version": appointment["version"]} | (body or {}) | fields
        return self.desk.post(f"/appointments/{appointment['id']}/{action}", sent)

    def acted(self, action: str, appointment: Made, **fields: Any) -> Made:
        """Take an action and insist on 200; give the appointment."""
        answer = self.act(action, appointment, **fields)
        assert answer.status_code == 200, answer.text
        done: Made = answer.get_json()
        return done

    def slots(self, first: str, until: str, **query: Any) -> list[Made]:
        """List the slots of a range of dates for this clinic's procedure."""
        asked = {"procedure_id": self.procedure["id"], "location_id": self.location["id"], "from_": first}
        answer = self.desk.get("/availability", **asked | {"until": until} | query)
        assert answer.status_code == 200, answer.text
        found: list[Made] = answer.get_json()["slots"]
        return found

    def starts(self, first: str, until: str, **query: Any) -> list[str]:
        """List the arrival of each slot."""
        return [slot["starts_at"] for slot in self.slots(first, until, **query)]

    def patients(self, number: int) -> list[str]:
        """Create patients and give their ids."""
        return [create_patient(self.desk, name=f"Patient {one}")["id"] for one in range(number)]


def create_clinic(
    desk: Desk,
    *,
    rooms: Sequence[Mapping[str, Any]] = ({"kind": "treatment"},),
    procedure: Mapping[str, Any] | None = None,
    therapist: Mapping[str, Any] | None = None,
    **location: Any,
) -> Clinic:
    """Create a clinic of one therapist: a location, its rooms, a procedure and a patient."""
    desk = desk if desk.now else desk.at(NOW)
    place = create_location(desk, **location)
    for number, room in enumerate(rooms, 1):
        create_room(desk, place, **{"name": f"Room {number}"} | dict(room))
    return Clinic(
        desk,
        place,
        create_procedure(desk, **procedure or {}),
        create_therapist(desk, place, **therapist or {}),
        create_patient(desk),
    )


def add_two_pairs(clinic: Clinic) -> None:
    """Add two therapists and a treatment room for two, so that three visits fit at once."""
    for number in (2, 3):
        create_therapist(clinic.desk, clinic.location, name=f"Therapist {number}")
    create_room(clinic.desk, clinic.location, capacity=2, name="Double room")


def create_pipeline(desk: Desk, *, treatment: int = 2, bays: int = 2, **overrides: Any) -> Clinic:
    """Create a clinic that offers `MN_FACE_STD`, in which the therapist is free during the numbing."""
    kinds = ["treatment"] * treatment + ["numbing"] * bays
    return create_clinic(
        desk,
        rooms=[{"kind": kind} for kind in kinds],
        procedure={"code": "MN_FACE_STD", "phases": standard_phases()},
        **overrides,
    )


def standard_phases() -> list[Made]:
    """Give the phases of `MN_FACE_STD`: 85 minutes for the patient, 30 for the therapist, turnover 10."""
    room, bay = ["treatment"], ["numbing"]
    return [
        {"name": "Intake", "kind": "intake", "minutes": 10, "room_kinds": bay},
        {
            "name": "Numbing", "kind": "numbing", "minutes": 30, "min_minutes": 20, "max_minutes": 60,
            "room_kinds": [*bay, *room],
        },
        {"name": "Prep", "kind": "prep", "minutes": 5, "therapist": True, "room_kinds": room},
        {"name": "Needling", "kind": "procedure", "minutes": 20, "therapist": True, "room_kinds": room},
        {"name": "Serum", "kind": "aftercare", "minutes": 5, "therapist": True, "room_kinds": room},
        {"name": "Mask", "kind": "aftercare", "minutes": 10, "room_kinds": room},
        {"name": "Aftercare", "kind": "aftercare", "minutes": 5, "room_kinds": room},
        {"name": "Turnover", "kind": "turnover", "minutes": 10, "patient": False, "room_kinds": room},
    ]  # fmt: skip


def codes(answer: TestResponse) -> list[str]:
    """Give the codes of a 409's refusals, sorted."""
    assert answer.status_code == 409, answer.text
    return sorted(refusal["code"] for refusal in answer.get_json()["refusals"])


def refusal_codes(answer: TestResponse) -> list[str]:
    """Give the codes of an answer's refusals, sorted; an answer that is no refusal has none."""
    return sorted(refusal["code"] for refusal in answer.get_json().get("refusals", []))


def refusal(answer: TestResponse, code: str) -> Made:
    """Give the only refusal of this code."""
    assert answer.status_code == 409, answer.text
    (found,) = [one for one in answer.get_json()["refusals"] if one["code"] == code]
    return dict(found)


def pointers(answer: TestResponse) -> list[str]:
    """Give the fields that a 422 names."""
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.get_json()["errors"]]


def rows(database: Database, desk: Desk, model: Any) -> list[Any]:
    """Read a clinic's rows of a table in the order of their ids."""
    with database.transaction(desk.clinic_id) as session:
        return list(session.scalars(select(model).order_by(model.id)))


def told(database: Database, desk: Desk) -> list[Event]:
    """Read a clinic's events but those about patients and the catalogue, which every test creates."""
    created = ("patient.", "catalogue.")
    return [one for one in rows(database, desk, Event) if not one.type.startswith(created)]


def counts(database: Database, desk: Desk) -> dict[str, int]:
    """Count a clinic's rows in each table that bookings write; of the events those that `told` gives."""
    found = {model.__tablename__: len(rows(database, desk, model)) for model in WRITTEN}
    return found | {Event.__tablename__: len(told(database, desk))}


def event_types(database: Database, desk: Desk, appointment: Made) -> list[str]:
    """Give the types of an appointment's events in order."""
    subject = UUID(appointment["id"])
    return [event.type for event in rows(database, desk, Event) if event.subject_id == subject]


def audit_entries(database: Database, desk: Desk, action: str) -> list[AuditEntry]:
    """Give a clinic's audit entries of an action."""
    return [entry for entry in rows(database, desk, AuditEntry) if entry.action == action]


def run_out(database: Database, desk: Desk, hold: Made, *, seconds: float = 0) -> None:
    """Set the expiry of a hold to now, or to a number of seconds before now."""
    over = datetime.now(UTC) - timedelta(seconds=seconds)
    with database.transaction(desk.clinic_id) as session:
        session.execute(update(Appointment).where(Appointment.id == UUID(hold["id"])).values(expires_at=over))


def instant(text: str) -> datetime:
    """Read an instant from its text in an answer."""
    return datetime.fromisoformat(text)
