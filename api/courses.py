"""Courses over HTTP: `/v1/courses`, their plans and bookings."""

from functools import partial
from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.crud import Offer, serve
from api.etags import Version
from api.visit_requests import override_of
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.courses import states
from booking.courses.courses import Courses
from booking.planning import course_booking, course_moving_on, course_plan
from booking.planning.course_moving_on import MovedSession
from booking.planning.course_plan import Plan, SeriesRequest
from scheduling.plans import Preferences
from scheduling.ticks import DAY_MINUTES
from schemas.appointments import AppointmentListSchema
from schemas.courses import CourseChangeSchema, CourseQuery, CourseSchema
from schemas.plans import (
    PausingSchema,
    PlanningSchema,
    PlanSchema,
    SeriesBookingSchema,
    ShiftedSchema,
    ShiftSchema,
)

blp = Blueprint(
    "courses",
    "courses",
    url_prefix="/v1/courses",
    description="The sessions that a patient is to have, and how many of them are booked and performed.",
)
serve(
    blp,
    Offer(
        Courses,
        CourseSchema,
        CourseQuery,
        area="appointments",
        changes=CourseChangeSchema,
        without=frozenset({"delete"}),
    ),
)

_act = partial(blp.action, scope="appointments:write")


@blp.action("/<uuid:course_id>/plan", "appointments:read", PlanSchema, takes=PlanningSchema, searches=True)
def plan_course(caller: Caller, body: dict[str, Any], course_id: UUID) -> dict[str, Any]:
    """Propose the rest of a course without booking it.

    Each session is looked for at the recommended spacing as if the sessions before it were booked, with the
    same therapist and at the same time of day where that is possible. `bends` names the wishes that a
    session does not keep.
    """
    preferences = Preferences(
        weekdays=frozenset(body.get("weekdays") or ()),
        from_minute=body.get("from_time", 0),
        until_minute=body.get("until_time", DAY_MINUTES),
    )
    number = body.get("sessions")
    return _shown(course_plan.plan(caller, course_id, _series(body), body["from_"], preferences, number))


@_act("/<uuid:course_id>/book", gives=AppointmentListSchema, takes=SeriesBookingSchema, status=201)
def book_course(
    caller: Caller, body: dict[str, Any], course_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """Book sessions of a course at once, all or none.

    The sessions are judged in order of time and have one therapist as far as possible. When one of them
    cannot take place, the answer is 409 with every reason by session.
    """
    visits = course_booking.book_series(
        caller, course_id, _series(body), body["starts_at"], override_of(body)
    )
    return {"appointments": visits}, {"Location": f"/v1/appointments/{visits[0].appointment.id}"}


@_act("/<uuid:course_id>/shift", gives=ShiftedSchema, takes=ShiftSchema, version=Version.OPTIONAL)
def shift_course(
    caller: Caller, body: dict[str, Any], course_id: UUID, expected: int | None
) -> dict[str, Any]:
    """Propose new times for the sessions after one that was moved, or with `apply` move them.

    Each session goes to its recommended date after the session before it, on its weekday, at its time of day
    and with its therapist where that is possible. All sessions move or none: 409 when one has no place.
    """
    if body["apply"]:
        shift = course_moving_on.apply_moving_on(caller, course_id, body["appointment_id"], expected)
    else:
        shift = course_moving_on.propose_moving_on(caller, course_id, body["appointment_id"])
    return {
        "applied": shift.applied,
        "sessions": [_shifted(one) for one in shift.sessions],
        "unplaced": shift.unplaced,
        "refusals": shift.refusals,
        "affected": shift.affected,
    }


def _shifted(one: MovedSession) -> dict[str, Any]:
    zone = one.planned.question.location.zone
    now_at = one.visit.starts_at.astimezone(zone)
    moved = {"appointment_id": one.visit.id, "now_at": now_at, "moves": one.moves}
    return course_plan.shown(one.planned, zone) | moved


@_act("/<uuid:course_id>/pause", gives=CourseSchema, takes=PausingSchema, version=Version.OPTIONAL)
def pause_course(caller: Caller, body: dict[str, Any], course_id: UUID, expected: int | None) -> Values:
    """Let a course take no more visits for now; those that are booked stay booked."""
    return states.pause(caller, course_id, expected, body["reason"])


@_act("/<uuid:course_id>/resume", gives=CourseSchema, takes=PausingSchema, version=Version.OPTIONAL)
def resume_course(caller: Caller, body: dict[str, Any], course_id: UUID, expected: int | None) -> Values:
    """Let a paused course take visits again."""
    return states.resume(caller, course_id, expected, body["reason"])


def _series(body: dict[str, Any]) -> SeriesRequest:
    return SeriesRequest(
        location_id=body["location_id"],
        procedure_id=body.get("procedure_id"),
        areas=tuple(body.get("areas") or ()),
        therapist_id=body.get("therapist_id"),
        phase_minutes=body.get("phase_minutes") or {},
    )


def _shown(plan: Plan) -> dict[str, Any]:
    return {
        "timezone": plan.zone.key,
        "sessions": [course_plan.shown(one, plan.zone) for one in plan.sessions],
        "unplaced": plan.unplaced,
        "refusals": plan.refusals,
    }
