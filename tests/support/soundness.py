"""Check a clinic's rows after any act, without the engine."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from itertools import combinations, pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from models import (
    Appointment,
    AppointmentPhase,
    AuditEntry,
    Course,
    Event,
    Location,
    Occupancy,
    SpacingClaim,
    WaitlistEntry,
)
from models.database import Database
from models.statuses import BEGUN
from tests.support.desk import Desk
from tests.support.racing import assert_sound

FLOOR_DAYS = 14
GONE = ("cancelled", "no_show")
PERFORMED = ("in_progress", "completed")
ENTRY_AFTER = {None: "offered", "converted": "accepted", "released": "declined", "expired": "expired"}
_ONE_ACT = "appointment.overridden"  # This event accompanies the event of an act, at the same version.
_NO_ACT = "message.due"  # This event belongs to no change of the visit.


def assert_rows_sound(database: Database, desk: Desk) -> None:
    """Insist on all checks of this module, on no overlap in a lane, and on claims that equal the phases."""
    assert_sound(database, desk)
    with database.transaction(desk.clinic_id) as session:
        visits = list(session.scalars(select(Appointment)))
        zones = {one.id: ZoneInfo(one.timezone) for one in session.scalars(select(Location))}
        phases = list(session.scalars(select(AppointmentPhase)))
        _assert_patients_sound([one for one in visits if one.status not in GONE], zones)
        _assert_performed(visits, phases, zones)
        _assert_nothing_left(visits, list(session.scalars(select(Occupancy))))
        _assert_spaced(visits, list(session.scalars(select(SpacingClaim))))
        _assert_phases_fit(visits, phases)
        events = list(session.scalars(select(Event).order_by(Event.id)))
        _assert_told(visits, events)
        _assert_audited(events, list(session.scalars(select(AuditEntry))))
        _assert_courses_kept(visits, list(session.scalars(select(Course))))
        _assert_entries_follow(visits, list(session.scalars(select(WaitlistEntry))))


def _pairs(visits: list[Appointment]) -> Iterator[tuple[Appointment, Appointment]]:
    by_patient: defaultdict[UUID, list[Appointment]] = defaultdict(list)
    for one in visits:
        if one.patient_id is not None:
            by_patient[one.patient_id].append(one)
    for own in by_patient.values():
        yield from combinations(own, 2)


def _assert_patients_sound(live: list[Appointment], zones: dict[UUID, ZoneInfo]) -> None:
    """Insist that no patient has two visits at once, or two sessions of an area below the floor.

    A session that was performed counts from that date, any other from its planned date.
    """
    for one, other in _pairs(live):
        assert _apart(one, other)
        if set(one.areas) & set(other.areas):
            assert abs((one.counts_from - other.counts_from).days) >= FLOOR_DAYS
    for one in live:
        assert one.local_date == _date(one, zones)


def _apart(one: Appointment, other: Appointment) -> bool:
    """Whether a patient is in two visits at different times, as these are planned or really are."""
    mine, others = one.during, other.during
    if mine.isempty or others.isempty:
        return True
    assert mine.upper is not None
    assert others.upper is not None
    return bool(mine.upper <= others.lower or others.upper <= mine.lower)


def _assert_performed(
    visits: list[Appointment], phases: list[AppointmentPhase], zones: dict[UUID, ZoneInfo]
) -> None:
    """Insist that a visit was performed on the local date on which its treatment began, and no other was."""
    begun = {
        one.appointment_id: one.actual_starts_at
        for one in phases
        if one.kind == "procedure" and one.actual_starts_at is not None
    }
    assert {one.id for one in visits if one.status in PERFORMED} == begun.keys()
    for one in visits:
        at = begun.get(one.id)
        assert one.performed_on == (None if at is None else at.astimezone(zones[one.location_id]).date())


def _date(visit: Appointment, zones: dict[UUID, ZoneInfo]) -> date:
    return visit.starts_at.astimezone(zones[visit.location_id]).date()


def _assert_nothing_left(visits: list[Appointment], claims: list[Occupancy]) -> None:
    """Insist that exactly the visits and holds that are not cancelled or missed have claims."""
    gone = {one.id for one in visits if one.status in GONE}
    taking = {one.appointment_id for one in claims if one.appointment_id is not None}
    assert not gone & taking
    begun = {one.id for one in visits if one.status in BEGUN}
    assert {one.id for one in visits} - gone - begun <= taking


def _assert_spaced(visits: list[Appointment], claims: list[SpacingClaim]) -> None:
    """Insist that exactly the live visits of patients have spacing claims, from the date that counts."""
    claimed = {(one.appointment_id, one.patient_id) for one in claims}
    live = {(one.id, one.patient_id) for one in visits if one.status not in GONE and one.patient_id}
    assert claimed == live
    dates = {one.id: one.counts_from for one in visits}
    assert all(one.span.lower == dates[one.appointment_id] for one in claims)


def _assert_phases_fit(visits: list[Appointment], phases: list[AppointmentPhase]) -> None:
    """Insist that a visit begins and ends with its patient's presence."""
    by_visit: defaultdict[UUID, list[AppointmentPhase]] = defaultdict(list)
    for phase in sorted(phases, key=lambda one: one.position):
        by_visit[phase.appointment_id].append(phase)
    for visit in visits:
        own = by_visit[visit.id]
        if not own:
            assert visit.status == "cancelled"
            assert (visit.hold or {})["ended"] in {"released", "expired"}
            continue
        present = [one for one in own if one.patient]
        assert visit.starts_at == min(one.starts_at for one in present)
        assert visit.ends_at == max(one.ends_at for one in present)
        assert visit.procedure_at == next(one.starts_at for one in own if one.kind == "procedure")
        assert {one.therapist_id for one in own} <= {None, visit.therapist_id}
        _assert_happened_in_order(visit, own)


def _assert_happened_in_order(visit: Appointment, phases: list[AppointmentPhase]) -> None:
    begun = [one for one in phases if one.actual_starts_at is not None]
    for one, following in pairwise(begun):
        assert one.actual_ends_at is not None
        assert following.actual_starts_at is not None
        assert one.actual_ends_at <= following.actual_starts_at
    for one in begun:
        assert one.actual_ends_at is None or one.actual_starts_at <= one.actual_ends_at
    running = [one.kind for one in begun if one.actual_ends_at is None]
    assert len(running) <= (visit.status in {"arrived", "numbing", "in_progress"})
    if visit.status in {"numbing", "in_progress"}:
        assert running == ["numbing" if visit.status == "numbing" else "procedure"]


def _assert_told(visits: list[Appointment], events: list[Event]) -> None:
    """Insist that versions rise from event to event, and that the last event shows a visit as it is now."""
    by_visit: defaultdict[UUID, list[Event]] = defaultdict(list)
    for event in events:
        by_visit[event.subject_id].append(event)
    for visit in visits:
        told = [one for one in by_visit[visit.id] if one.type != _NO_ACT]
        versions = [one.data["version"] for one in told if one.type != _ONE_ACT]
        assert versions == sorted(set(versions))
        assert told[-1].data["version"] <= visit.version
        assert _thin(told[-1].data) == {
            "status": visit.status,
            "location_id": str(visit.location_id),
            "therapist_id": visit.therapist_id and str(visit.therapist_id),
            "starts_at": visit.starts_at,
            "ends_at": visit.ends_at,
        }
        assert told[0].type in {"appointment.booked", "hold.created"}


def _thin(data: dict[str, Any]) -> dict[str, Any]:
    names = ("status", "location_id", "therapist_id")
    times = {name: _instant(data[name]) for name in ("starts_at", "ends_at")}
    return {name: data[name] for name in names} | times


def _instant(text: str) -> Any:
    return datetime.fromisoformat(text)


def _assert_audited(events: list[Event], entries: list[AuditEntry]) -> None:
    """Insist that every event of a visit or hold has its audit entry."""
    told = Counter(
        (one.type.replace("waitlist.", "waitlist_entry."), one.subject_id)
        for one in events
        if one.type != _NO_ACT and not one.type.startswith(("course.", "catalogue."))
    )
    kept = Counter((one.action, one.subject_id) for one in entries)
    assert not told - kept


def _assert_courses_kept(visits: list[Appointment], courses: list[Course]) -> None:
    """Insist that no more sessions of a course are booked and performed than it has."""
    taken = Counter(one.course_id for one in visits if one.status not in {"held", *GONE})
    for course in courses:
        assert taken[course.id] <= course.sessions


def _assert_entries_follow(visits: list[Appointment], entries: list[WaitlistEntry]) -> None:
    """Insist that an entry's status follows its hold, and that the hold is for what the entry wants.

    What is offered has no patient until it is booked; the hold of a visit to bring forward is released when
    the visit has its place. The visit of an open entry can be moved, and is offered only what is earlier.
    """
    by_id = {one.id: one for one in visits}
    waiting = Counter(
        (one.patient_id, one.procedure_id, one.location_id)
        for one in entries
        if one.status in {"waiting", "offered"}
    )
    assert set(waiting.values()) <= {1}
    for entry in entries:
        visit = None if entry.appointment_id is None else by_id[entry.appointment_id]
        if visit is not None and entry.status in {"waiting", "offered"}:
            assert visit.status in {"booked", "confirmed"}
            assert (visit.patient_id, visit.location_id) == (entry.patient_id, entry.location_id)
        if entry.hold_id is None:
            assert entry.status in {"waiting", "expired", "fulfilled"}
            continue
        held = by_id[entry.hold_id]
        if visit is None or entry.status != "accepted":
            assert entry.status == ENTRY_AFTER[(held.hold or {})["ended"]]
        if visit is not None and entry.status == "offered":
            assert held.starts_at < visit.starts_at
        assert (held.patient_id, held.procedure_id, held.location_id) == (
            entry.patient_id if visit is None and entry.status == "accepted" else None,
            entry.procedure_id,
            entry.location_id,
        )
