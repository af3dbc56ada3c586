"""Courses over HTTP: `/v1/courses`, their plans and bookings."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.appointments import override_of
from api.blueprints import Blueprint
from api.crud import Offer, serve
from api.etags import expected_version
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.courses import states
from booking.courses.courses import Courses
from booking.planning import course_booking, course_moving_on, course_plan
from booking.planning.course_moving_on import Shifted
from booking.planning.course_plan import Plan, SeriesWish
from scheduling.plans import Preferences
from scheduling.ticks import DAY_MINUTES
from schemas.appointments import AppointmentsSchema
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
        kind=Courses,
        noun="course",
        plural="courses",
        schema=CourseSchema,
        query=CourseQuery,
        area="appointments",
        changes=CourseChangeSchema,
        without=frozenset({"delete"}),
    ),
)


@blp.route("/<uuid:course_id>/plan", methods=["POST"])
@blp.needs("appointments:read")
@blp.arguments(PlanningSchema)
@blp.response(200, PlanSchema)
def plan_course(caller: Caller, body: dict[str, Any], course_id: UUID) -> dict[str, Any]:
    """Propose the rest of a course without booking it.

    Each session is looked for at the recommended spacing as if those before it were booked, with the same
    therapist and at the same time of day where that is possible. `bends` says what it could not keep.
    """
    preferences = Preferences(
        weekdays=frozenset(body.get("weekdays") or ()),
        from_minute=body.get("from_time", 0),
        until_minute=body.get("until_time", DAY_MINUTES),
    )
    number = body.get("sessions")
    return _shown(course_plan.plan(caller, course_id, _series(body), body["from_"], preferences, number))


@blp.route("/<uuid:course_id>/book", methods=["POST"])
@blp.needs("appointments:write")
@blp.arguments(SeriesBookingSchema)
@blp.response(201, AppointmentsSchema)
def book_course(
    caller: Caller, body: dict[str, Any], course_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """Book sessions of a course at once, all or none.

    They are judged in order of time and have one therapist as far as possible. Refused with 409 and every
    reason by session when one of them cannot take place.
    """
    visits = course_booking.book_series(
        caller, course_id, _series(body), body["starts_at"], override_of(body)
    )
    return {"appointments": visits}, {"Location": f"/v1/appointments/{visits[0].appointment.id}"}


@blp.route("/<uuid:course_id>/shift", methods=["POST"])
@blp.needs("appointments:write", fails=(412,))
@blp.arguments(ShiftSchema)
@blp.response(200, ShiftedSchema)
def shift_course(caller: Caller, body: dict[str, Any], course_id: UUID) -> dict[str, Any]:
    """Let the later sessions of a course follow one that was moved: proposed, or with `apply` moved.

    Each goes to its recommended date after the one before, on its weekday, at its time of day and with its
    therapist where that is possible. All move or none: 409 when one has no place.
    """
    expected = expected_version(body)
    if body["apply"]:
        shift = course_moving_on.apply_shift(caller, course_id, body["appointment_id"], expected)
    else:
        shift = course_moving_on.propose_shift(caller, course_id, body["appointment_id"])
    return {
        "applied": shift.applied,
        "sessions": [_shifted(one) for one in shift.sessions],
        "unplaced": shift.unplaced,
        "refusals": shift.refusals,
        "affected": shift.affected,
    }


def _shifted(one: Shifted) -> dict[str, Any]:
    zone = one.planned.question.location.zone
    now_at = one.visit.starts_at.astimezone(zone)
    moved = {"appointment_id": one.visit.id, "now_at": now_at, "moves": one.moves}
    return course_plan.shown(one.planned, zone) | moved


def _pausing(act: Callable[[Caller, UUID, int | None, str | None], Values], name: str, summary: str) -> None:
    """Register an action on a course that takes a version and a reason."""

    def view(caller: Caller, body: dict[str, Any], course_id: UUID) -> Values:
        return act(caller, course_id, expected_version(body), body["reason"])

    view.__name__, view.__doc__ = f"{name}_course", summary
    decorated = blp.arguments(PausingSchema)(blp.response(200, CourseSchema)(view))
    needed = blp.needs("appointments:write", fails=(412,))(decorated)
    blp.route(f"/<uuid:course_id>/{name}", methods=["POST"])(needed)


_pausing(
    states.pause,
    "pause",
    "Let a course take no more visits for now; those that are booked stay booked.",
)
_pausing(states.resume, "resume", "Let a paused course take visits again.")


def _series(body: dict[str, Any]) -> SeriesWish:
    return SeriesWish(
        location_id=body["location_id"],
        procedure_id=body.get("procedure_id"),
        areas=tuple(body.get("areas") or ()),
        therapist_id=body.get("therapist_id"),
    )


def _shown(plan: Plan) -> dict[str, Any]:
    return {
        "timezone": plan.zone.key,
        "sessions": [course_plan.shown(one, plan.zone) for one in plan.sessions],
        "unplaced": plan.unplaced,
        "refusals": plan.refusals,
    }
