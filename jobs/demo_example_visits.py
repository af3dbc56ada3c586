"""Adds visits, holds, courses and waitlist entries in every state that the examples of the document need."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.appointments.book import book
from booking.appointments.records import Visit
from booking.appointments.slot_holds import hold
from booking.appointments.transitions import confirm
from booking.catalogue.patients import Patients
from booking.clinical.medical_holds import MedicalHolds
from booking.clinical.treatments_elsewhere import TreatmentsElsewhere
from booking.core.caller import Caller
from booking.courses.courses import Courses
from booking.courses.states import pause
from booking.day.arrival import arrive
from booking.day.numbing import start_numbing
from booking.day.starting import start
from booking.questions.visit_requests import VisitRequest
from booking.waitlist.entries import WaitlistEntries
from jobs.demo_naming import make, named
from models import Appointment, MessageDispatch, WaitlistEntry
from schemas.courses import CourseSchema
from schemas.demo_ids import DEMO_IDS, MESSAGE_MICROS, PAST_DAY
from schemas.medical_holds import NewMedicalHoldSchema
from schemas.patients import PatientSchema
from schemas.treatments import TreatmentSchema
from schemas.waitlist import WaitlistEntrySchema

_ZONE: Final = ZoneInfo("Europe/London")
_PAST: Final = datetime.fromisoformat(f"{PAST_DAY}T00:00:00+00:00")
_BOOKED_BEFORE: Final = timedelta(days=3)
_AHEAD: Final = timedelta(days=200)
_NEVER: Final = datetime(2100, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(minutes=5)
_LASTING: Final = timedelta(minutes=5)
_A_FORTNIGHT: Final = 14

Act = Callable[[Caller, UUID, int | None], Visit]


def add_visits(caller: Caller) -> None:
    """Add patients, then their visits of a past day and of a week some months after the clinic was made."""
    _add_patients(caller)
    _add_past_visits(caller)
    monday = _monday(caller.now + _AHEAD)
    _add_visits_to_come(caller, monday)
    _add_courses(caller, monday)
    _add_holds(caller, monday)
    _add_message(caller)


def _monday(after: datetime) -> datetime:
    """Give the first Monday after an instant, at midnight in London."""
    day = after.astimezone(_ZONE).date()
    return datetime.combine(day + timedelta(days=7 - day.weekday()), time(), _ZONE)


def _add_patients(caller: Caller) -> None:
    for name, called in (
        ("new_patient", "Nora Field"),
        ("duplicate_patient", "Ada Abbot"),
        ("patient_who_left", "Lea Wood"),
        ("patient_on_hold", "Olga Winter"),
        ("past_patient", "Pia Summer"),
    ):
        make(caller, name, Patients, PatientSchema, {"name": called})
    talk = {"event": "consultation", "on": "2024-02-01"}
    for known, patient in (("external_treatment", "patient"), (None, "past_patient")):
        make(caller, known, TreatmentsElsewhere, TreatmentSchema, talk, patient_id=DEMO_IDS[patient])
    for known, code in (("medical_hold", "prolonged_redness"), ("medical_hold_to_sign_off", "anticoagulant")):
        opened = {"code": code, "areas": ["FACE"], "opened_on": PAST_DAY}
        make(
            caller, known, MedicalHolds, NewMedicalHoldSchema, opened, patient_id=DEMO_IDS["patient_on_hold"]
        )


def _add_past_visits(caller: Caller) -> None:
    """Add visits of one past day, each of which waits for another step."""
    then = replace(caller, now=_PAST - _BOOKED_BEFORE, real_now=caller.real_now)
    for name, what, whose, hour in (
        ("visit_expected", "consultation", "patient", 10),
        ("visit_begun", "consultation", "past_patient", 11),
        ("visit_missed", "consultation", "patient", 12),
        ("visit_numbed", "treatment", "patient", 14),
        ("visit_arrived", "treatment", "past_patient", 15),
    ):
        _book(then, name, what, _PAST + timedelta(hours=hour), whose)
    for name, hour, acts in (
        ("visit_begun", 11, (arrive, start)),
        ("visit_numbed", 14, (arrive, start_numbing)),
        ("visit_arrived", 15, (arrive,)),
    ):
        _take(caller, name, _PAST + timedelta(hours=hour), acts)


def _take(caller: Caller, name: str, at: datetime, acts: tuple[Act, ...]) -> None:
    for number, act in enumerate(acts):
        act(replace(caller, now=at + number * _STEP, real_now=caller.real_now), DEMO_IDS[name], None)


def _add_visits_to_come(caller: Caller, monday: datetime) -> None:
    for name, hour in (
        ("visit", 10),
        ("visit_to_move", 11),
        ("visit_to_confirm", 12),
        ("visit_to_undo", 13),
        ("visit_to_cancel", 14),
        ("visit_to_swap", 15),
        ("visit_to_swap_with", 16),
    ):
        _book(caller, name, "consultation", _at(monday, 0, hour))
    confirm(caller, DEMO_IDS["visit_to_undo"], None)


def _add_courses(caller: Caller, monday: datetime) -> None:
    course = {
        "patient_id": str(DEMO_IDS["patient"]),
        "procedure_id": str(DEMO_IDS["patch_test"]),
        "sessions": 3,
    }
    for name in ("course", "course_with_visits", "course_to_pause", "paused_course"):
        make(caller, name, Courses, CourseSchema, course)
    pause(caller, DEMO_IDS["paused_course"], None, None)
    for known, days in (("visit_of_course", 2), (None, 2 + _A_FORTNIGHT)):
        _book(caller, known, "patch_test", _at(monday, days, 12), course="course_with_visits")


def _add_holds(caller: Caller, monday: datetime) -> None:
    """Add holds that do not run out, and waitlist entries, of which two have such a hold offered."""
    for name, hour in (("hold", 10), ("hold_to_extend", 11)):
        with named(caller, Appointment, name):
            _hold(caller, _request("treatment"), _at(monday, 1, hour))
    later = {"earliest_on": (monday + _AHEAD).date().isoformat()}
    _wait(caller, "waitlist_entry", "consultation", "past_patient", later)
    for name, what, whose, hour in (
        ("entry_to_accept", "consultation", "patient_on_hold", 17),
        ("entry_to_decline", "patch_test", "past_patient", 18),
    ):
        _wait(caller, name, what, whose, {})
        offered = _hold(caller, _request(what, whose), _at(monday, 0, hour))
        entry = caller.session.get_one(WaitlistEntry, (caller.clinic_id, DEMO_IDS[name]))
        entry.status, entry.hold_id = "offered", offered.appointment.id
        caller.session.flush()


def _hold(caller: Caller, request: VisitRequest, starts_at: datetime) -> Visit:
    return hold(replace(caller, real_now=_NEVER - _LASTING), request, starts_at, _LASTING)


def _wait(caller: Caller, name: str, what: str, whose: str, wishes: dict[str, str]) -> None:
    ids = {"patient_id": whose, "procedure_id": what, "location_id": "location"}
    body = {field: str(DEMO_IDS[one]) for field, one in ids.items()}
    make(caller, name, WaitlistEntries, WaitlistEntrySchema, body | wishes)


def _add_message(caller: Caller) -> None:
    """Note a message to the patient of a past visit as sent; the note is old, and kept for good."""
    sent_at = datetime.fromtimestamp(MESSAGE_MICROS / 1_000_000, UTC)
    note = MessageDispatch(
        clinic_id=caller.clinic_id,
        appointment_id=DEMO_IDS["visit_expected"],
        kind="confirmation",
        anchor_at=sent_at,
        due_at=sent_at,
        status="sent",
        attempts=1,
        next_at=_NEVER,
        sent_at=sent_at,
    )
    caller.session.add(note)
    caller.session.flush()


def _book(
    caller: Caller,
    name: str | None,
    what: str,
    starts_at: datetime,
    whose: str = "patient",
    course: str | None = None,
) -> None:
    request = replace(_request(what, whose), course_id=None if course is None else DEMO_IDS[course])
    with named(caller, Appointment, name):
        book(caller, request, starts_at)


def _request(what: str, whose: str | None = None) -> VisitRequest:
    return VisitRequest(
        procedure_id=DEMO_IDS[what],
        location_id=DEMO_IDS["location"],
        patient_id=None if whose is None else DEMO_IDS[whose],
    )


def _at(monday: datetime, days: int, hour: int) -> datetime:
    return datetime.combine(monday.date() + timedelta(days=days), time(hour), _ZONE)
