"""Create a small clinic with a visit, and rows in all of its tables."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from api.state import state_of
from booking.core.caller import Caller
from models import ApiKey, BookingCode, BookingToken
from sync.caldav.calendar_properties import store_properties
from sync.caldav.own_busy import delete_object, put_object
from tests.support.cast import create_location, create_room, create_therapist, every_day, working
from tests.support.desk import Desk

NOW = "2027-01-04T08:00:00Z"
PEEL = {
    "code": "PEEL",
    "name": "Peel",
    "family": "PEEL",
    "areas": ["FACE"],
    "phases": [
        {"name": "Peel", "kind": "procedure", "minutes": 30, "therapist": True, "room_kinds": ["treatment"]},
        {"name": "Rest", "kind": "aftercare", "minutes": 10, "room_kinds": ["treatment"]},
    ],
}
AWAY = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:away\r\nDTSTART:20270106T100000Z\r\nDURATION:PT1H\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def create_visit_question(desk: Desk) -> dict[str, Any]:
    """Make a location, a room, a therapist, a procedure and a patient; give a bookable visit's body."""
    location = create_location(desk, opening_hours=every_day("09:00", "17:00"))
    create_room(desk, location)
    create_therapist(desk, name="Ada", working_hours=working(location, "09:00", "17:00"))
    return {
        "location_id": location["id"],
        "procedure_id": desk.made("/procedures", **PEEL)["id"],
        "patient_id": desk.made("/patients", name="Alice")["id"],
        "starts_at": "2027-01-05T10:00:00Z",
    }


def book_visit(desk: Desk) -> dict[str, Any]:
    """Create a clinic's smallest catalogue and book a visit; give the appointment."""
    return desk.at(NOW).made("/appointments", **create_visit_question(desk))


def create_full_clinic(desk: Desk) -> dict[str, Any]:
    """Write at least one row into each table of a clinic."""
    same = {"family": "PEEL"}
    desk.made("/spacing-rules", code="P01", after=same, before=same, scope="area", floor_days=7, min_days=14)
    soho = desk.made("/locations", name="Soho", timezone="Europe/London")["id"]
    visit = book_visit(desk)
    place, therapist = visit["location_id"], visit["therapist_id"]
    desk.made("/devices", location_id=place, name="RF", kind="rf")
    desk.patch(f"/therapists/{therapist}", {"qualifications": [{"code": "BBP"}]})
    lunch = {"starts_at": "2027-01-05T13:00:00Z", "ends_at": "2027-01-05T14:00:00Z", "reason": "Lunch"}
    desk.made("/blocks", resource_id=therapist, **lunch)
    desk.made(f"/locations/{place}/closures", **lunch)
    desk.patch(f"/locations/{place}", {"travel_minutes": [{"location_id": soho, "minutes": 30}]})
    morning = {"on": "2027-01-06", "periods": [{"opens": "09:00", "closes": "12:00"}]}
    desk.made(f"/locations/{place}/special-hours", **morning)
    desk.made(f"/therapists/{therapist}/special-hours", location_id=place, **morning)
    patient = f"/patients/{visit['patient_id']}"
    desk.made(f"{patient}/treatments", event="waxing", on="2026-01-04")
    desk.made(f"{patient}/medical-holds", code="breastfeeding", opened_on="2026-01-04")
    template = {"code": "PEELS", "name": "Peels", "procedure_ids": [visit["procedure_id"]], "sessions": 3}
    template_id = desk.made("/course-templates", **template)["id"]
    desk.made("/calendar-feeds", resource_id=therapist, detail="busy")
    course = {"patient_id": visit["patient_id"], "template_id": template_id}
    desk.made("/waitlist", **{name: visit[name] for name in ("patient_id", "procedure_id", "location_id")})
    desk.post("/courses", course, **{"Idempotency-Key": "first course"})
    [message, *_] = desk.at(NOW).get("/messages", due_by=visit["starts_at"]).get_json()["items"]
    desk.at(NOW).post(f"/messages/{message['id']}/sent")
    desk.at(NOW).post(f"/appointments/{visit['id']}/confirm", {"version": visit["version"]})
    hook = desk.made("/webhooks", url="https://example.org/hook", events=["appointment.booked"])
    desk.post(f"/webhooks/{hook['id']}/ping")
    desk.made(f"/therapists/{therapist}/external-calendars", url="https://calendar.example.org/x.ics")
    with state_of(desk.app).database.transaction(desk.clinic_id) as session:
        caller = Caller(session, desk.clinic_id, datetime.fromisoformat(NOW))
        put_object(caller, UUID(therapist), "away.ics", AWAY)
        put_object(caller, UUID(therapist), "gone.ics", AWAY.replace("away", "gone"))
        delete_object(caller, UUID(therapist), "gone.ics")
        store_properties(caller, UUID(therapist), "busy", {"{DAV:}displayname": "Away"})
        _write_token(caller)
    desk.made("/app-passwords", therapist_id=therapist, name="Phone")
    desk.get(patient)
    state_of(desk.app).notes.flush()
    return visit


def _write_token(caller: Caller) -> None:
    """Write a code and a token by hand: a widget's own key would be a second key of the clinic."""
    key_id = caller.session.scalars(select(ApiKey.id)).one()
    until = caller.now + timedelta(hours=1)
    one = {"clinic_id": caller.clinic_id, "email": "ada@example.org", "key_id": key_id}
    times = {"made_at": caller.now, "expires_at": until}
    digest = str(caller.clinic_id).encode()
    caller.session.add(BookingCode(**one, **times, visitor=b"", code_digest=digest))
    caller.session.add(BookingToken(**one, **times, token_hash=digest))
