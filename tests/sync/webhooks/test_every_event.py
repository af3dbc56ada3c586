"""Every event that a webhook can ask for arrives, whether an act, a round or a task writes it."""

from collections.abc import Callable
from typing import Any

from booking.core.caller import Caller
from booking.core.events import tell
from jobs.rounds import EACH_NIGHT
from models import Event
from models.database import Database
from models.webhooks import EVENT_TYPES
from tests.support.cast import (
    Clinic,
    another_patient,
    create_course,
    create_rule,
    create_template,
    create_therapist,
    instant,
    performed,
    rows,
    run_out,
)
from tests.support.documented import wrong_in_message
from tests.support.waitlist import do, entry, freed, minutes_work, offer
from tests.sync.hooks import Office
from tests.sync.receivers import Receiver

FORBIDDEN = ("Patient", "patient_id", "Therapist", "name")


def act_on_visits(clinic: Clinic) -> None:
    """Book, confirm, move, hand over, call off and miss visits, take a step back, and override."""
    performed(clinic, "01")
    visit = another_patient(clinic).booked("2027-03-02T10:00:00Z")
    visit = clinic.acted("confirm", visit)
    visit = clinic.acted("reschedule", visit, starts_at="2027-03-02T11:00:00Z")
    other = create_therapist(clinic.desk, clinic.location, name="Another")
    visit = clinic.acted("reassign", visit, therapist_id=other["id"])
    visit = clinic.acted("undo", clinic.acted("cancel", visit, reason_code="patient"), reason="Patient P")
    clinic.acted("cancel", visit, reason_code="patient")
    missed = another_patient(clinic).booked("2027-03-03T10:00:00Z")
    clinic.at("2027-03-03T11:00:00Z").acted("no-show", missed)
    override = {"codes": ["off_grid"], "reason": "Walk-in"}
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"grid_minutes": 30}})
    another_patient(clinic).booked("2027-03-04T10:10:00Z", override=override)
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"grid_minutes": 5}})


def act_on_holds(clinic: Clinic, database: Database) -> None:
    """Hold, release, and let a hold run out."""
    held = clinic.held("2027-03-05T10:00:00Z")
    clinic.desk.delete(f"/holds/{held['id']}")
    run_out(database, clinic.desk, clinic.held("2027-03-05T12:00:00Z"), seconds=1)
    minutes_work(database, clinic)


def let_time_pass(clinic: Clinic, database: Database) -> None:
    """Let a course lapse, let the maintenance of another course come due, and offer freed time."""
    entry(another_patient(clinic), earliest_on="2027-03-06", latest_on="2027-03-06")
    offer(clinic, database, freed(clinic, "2027-03-06T10:00:00Z"))
    lapsing, kept = another_patient(clinic), another_patient(clinic)
    performed(lapsing, "08", course_id=create_course(lapsing, sessions=3)["id"])
    template = create_template(
        clinic,
        sessions=1,
        min_sessions=1,
        max_sessions=1,
        maintenance_opens_months=1,
        maintenance_closes_months=12,
    )
    course = clinic.desk.made("/courses", patient_id=kept.patient["id"], template_id=template["id"])
    performed(kept, "09", course_id=course["id"])
    create_rule(clinic.desk, overdue_days=60)
    do(database, clinic.at("2027-08-01T12:00:00Z"), EACH_NIGHT)


def flag(clinic: Clinic) -> None:
    """Book two visits that a rule, made afterwards, would refuse."""
    clinic = another_patient(clinic)
    for day in ("10", "11"):
        clinic.booked(f"2027-03-{day}T10:00:00Z")
    create_rule(clinic.desk, code="LATE", floor_days=7)


def remind(clinic: Clinic, database: Database) -> None:
    """Do the minute's work two days before a visit."""
    minutes_work(database, clinic.at("2027-03-08T12:00:00Z"))


def test_every_event_arrives_with_valid_signature_and_without_names(
    office: Office, receiver: Callable[..., Receiver], database: Database
) -> None:
    there, clinic = receiver(), office.clinic
    hook = office.hook(there.url, EVENT_TYPES)
    before = len(rows(database, clinic.desk, Event))
    clinic.desk.patch(f"/patients/{clinic.patient['id']}", {"name": "Patient P"})
    twice = another_patient(clinic).patient["id"]
    clinic.desk.post(f"/patients/{twice}/merge", {"into_id": clinic.patient["id"]})
    left = another_patient(clinic).patient["id"]
    clinic.desk.post(f"/patients/{left}/anonymise", {"reason": "Patient asked for it"})
    act_on_visits(clinic)
    flag(clinic)
    remind(clinic, database)
    act_on_holds(clinic, database)
    let_time_pass(clinic, database)
    with database.transaction(clinic.desk.clinic_id) as session:
        caller = Caller(session, clinic.desk.clinic_id, instant("2027-03-01T10:00:00Z"))
        tell(caller, "busy_block.conflicting", clinic.desk.clinic_id, _conflict(clinic))
        tell(caller, "external_calendar.changed", clinic.desk.clinic_id, _calendar(clinic))
    statuses = {one["status"] for one in office.deliver(hook)}
    told = [call.verify(hook["secret"]) for call in there.calls]
    since = rows(database, clinic.desk, Event)[before:]
    recorded = [event for event in since if event.type in EVENT_TYPES]

    assert statuses == {"delivered"}
    assert set(there.types) == set(EVENT_TYPES)
    assert [call.id for call in there.calls] == [str(event.id) for event in recorded]
    assert [word for word in FORBIDDEN if any(word in call.body.decode() for call in there.calls)] == []
    assert [name for one in told for name in _unaware(one)] == []
    assert [wrong for one in told for wrong in wrong_in_message(clinic.desk.app, one)] == []


def _conflict(clinic: Clinic) -> dict[str, Any]:
    """Give the data of an event that only another server's calendar brings about."""
    ids = {"appointment_id": clinic.location["id"], "therapist_id": clinic.therapist["id"]}
    times = {"starts_at": "2027-03-05T10:00:00+00:00", "ends_at": "2027-03-05T10:20:00+00:00"}
    return ids | {"location_id": clinic.location["id"]} | times


def _calendar(clinic: Clinic) -> dict[str, Any]:
    """Give the data of an event about another server's calendar."""
    ids = {"id": clinic.location["id"], "therapist_id": clinic.therapist["id"], "version": 3}
    since = "2027-03-05T10:00:00+00:00"
    return ids | {"status": "stale", "last_error": "timeout", "unread_events": 0, "emptied_since": since}


def _unaware(message: dict[str, Any]) -> list[str]:
    """Name the instants of a message that lack their offset."""
    named = {"timestamp": message["timestamp"], **message["data"]}
    return [
        name
        for name, one in named.items()
        if name.endswith(("_at", "_since")) and one and instant(one).tzinfo is None
    ]
