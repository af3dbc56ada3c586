"""Appointments over HTTP: book, judge, read, move and take through the day."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.etags import expected_version
from api.paging import page
from booking.appointments import (
    book,
    book_together,
    hold_conversion,
    listing,
    records,
    rescheduling,
    transitions,
)
from booking.appointments.book_together import Order
from booking.appointments.hold_conversion import Conversion
from booking.appointments.records import Visit
from booking.appointments.rescheduling import Move
from booking.core.caller import Caller
from booking.day import arrival, completing, reassigning
from booking.day.reassigning import Place
from booking.questions.judging import Override
from booking.questions.visit_requests import VisitRequest
from models import Appointment, AuditEntry
from schemas.appointments import (
    ActionSchema,
    AppointmentQuerySchema,
    AppointmentSchema,
    AppointmentsSchema,
    BookingSchema,
    CancelSchema,
    CompleteSchema,
    HistoryEntrySchema,
    NotesSchema,
    ReassignSchema,
    RescheduleSchema,
    StartSchema,
    TogetherSchema,
    VerdictSchema,
)
from schemas.base import QueryArgs, page_of

blp = Blueprint(
    "appointments", "appointments", url_prefix="/v1/appointments", description="Visits, from booking to done."
)


@blp.route("", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(AppointmentQuerySchema, location="query")
@blp.response(200, page_of(AppointmentSchema))
def list_appointments(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List appointments.

    `updated_since` is for display only; it can miss changes.
    """
    found = page(caller.session, listing.select_appointments(caller, query), Appointment, query)
    return {**found, "items": records.with_phases(caller, found["items"])}


@blp.route("", methods=["POST"])
@blp.needs("appointments:write", fails=(410,))
@blp.arguments(BookingSchema)
@blp.response(201, AppointmentSchema)
def create_appointment(caller: Caller, body: dict[str, Any]) -> tuple[Visit, dict[str, str]]:
    """Book a visit, or what a hold has kept.

    Refused with 409, every reason and up to five near slots when a rule or the present state forbids it;
    a hold stays as it is then. 410 when the hold has expired, 409 `hold_converted` when it was booked.
    """
    if "hold_id" in body:
        visit = hold_conversion.convert(caller, _conversion(body))
    else:
        visit = book.book(caller, _wish(body), body["starts_at"], override_of(body), body.get("notes"))
    return visit, {"Location": f"{blp.url_prefix}/{visit.appointment.id}"}


@blp.route("/together", methods=["POST"])
@blp.needs("appointments:write")
@blp.arguments(TogetherSchema)
@blp.response(201, AppointmentsSchema)
def create_appointments_together(
    caller: Caller, body: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Book several visits of one patient at once, all or none.

    They are judged in order of time: a consultation counts for the treatment after it. Refused with
    409 and every reason by visit when one of them cannot take place.
    """
    wanted = [one | {"patient_id": body["patient_id"]} for one in body["visits"]]
    orders = [Order(_wish(one), one["starts_at"], override_of(one), one.get("notes")) for one in wanted]
    visits = book_together.book_together(caller, orders)
    first = visits[0].appointment.id
    return {"appointments": visits}, {"Location": f"{blp.url_prefix}/{first}"}


@blp.route("/validate", methods=["POST"])
@blp.needs("appointments:read", fails=(410,))
@blp.arguments(BookingSchema)
@blp.response(200, VerdictSchema)
def validate_appointment(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Judge a booking without making it."""
    if "hold_id" in body:
        verdict = hold_conversion.validate(caller, _conversion(body))
    else:
        verdict = book.validate(caller, _wish(body), body["starts_at"], override_of(body))
    return {
        "bookable": not verdict.refusals,
        "refusals": verdict.refusals,
        "warnings": verdict.warnings,
    }


@blp.route("/<uuid:appointment_id>", methods=["GET"])
@blp.needs("appointments:read")
@blp.response(200, AppointmentSchema)
def get_appointment(caller: Caller, appointment_id: UUID) -> Visit:
    """Get an appointment."""
    return records.with_phases(caller, [records.get_appointment(caller, appointment_id)])[0]


@blp.route("/<uuid:appointment_id>", methods=["PATCH"])
@blp.needs("appointments:write", fails=(412, 428))
@blp.arguments(NotesSchema)
@blp.response(200, AppointmentSchema)
def update_appointment(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
    """Change an appointment's notes."""
    expected = expected_version(body, required=True)
    return records.edit_notes(caller, appointment_id, body["notes"], expected)


@blp.route("/<uuid:appointment_id>/history", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(QueryArgs, location="query")
@blp.response(200, page_of(HistoryEntrySchema))
def list_appointment_history(caller: Caller, query: dict[str, Any], appointment_id: UUID) -> dict[str, Any]:
    """List what happened to an appointment, and by whom."""
    records.get_appointment(caller, appointment_id)
    return page(caller.session, listing.select_history(caller, appointment_id), AuditEntry, query)


@blp.route("/<uuid:appointment_id>/reschedule", methods=["POST"])
@blp.needs("appointments:write", fails=(412, 428))
@blp.arguments(RescheduleSchema)
@blp.response(200, AppointmentSchema)
def reschedule_appointment(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
    """Move an appointment, keeping its id; its therapist stays where that is possible."""
    expected = expected_version(body, required=True)
    move = Move(body["starts_at"], body.get("location_id"), body.get("therapist_id"), body.get("room_id"))
    return rescheduling.reschedule(caller, appointment_id, move, expected, override_of(body))


@blp.route("/<uuid:appointment_id>/reassign", methods=["POST"])
@blp.needs("appointments:write", fails=(412, 428))
@blp.arguments(ReassignSchema)
@blp.response(200, AppointmentSchema)
def reassign_appointment(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
    """Give an appointment another therapist or room at the same times.

    Refused with 409, every reason, and in `alternatives` who could lead it then.
    """
    expected = expected_version(body, required=True)
    place = Place(body.get("therapist_id"), body.get("room_id"))
    return reassigning.reassign(caller, appointment_id, place, expected, override_of(body))


@blp.route("/<uuid:appointment_id>/start", methods=["POST"])
@blp.needs("appointments:write", fails=(412, 428))
@blp.arguments(StartSchema)
@blp.response(200, AppointmentSchema)
def start_appointment(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
    """Note that the procedure begins; the cream must have worked neither too short nor too long."""
    expected = expected_version(body, required=True)
    elsewhere, off_at = body["numbed_elsewhere"], body["cream_off_at"]
    return transitions.start(
        caller, appointment_id, expected, numbed_elsewhere=elsewhere, cream_off_at=off_at
    )


@blp.route("/<uuid:appointment_id>/complete", methods=["POST"])
@blp.needs("appointments:write", fails=(412, 428))
@blp.arguments(CompleteSchema)
@blp.response(200, AppointmentSchema)
def complete_appointment(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
    """Note that the patient has been treated, and what went wrong.

    Each adverse effect opens a medical hold; `affected` names the patient's visits that it stands against.
    """
    expected = expected_version(body, required=True)
    return completing.complete(caller, appointment_id, expected, body["adverse_effects"])


@blp.route("/<uuid:appointment_id>/cancel", methods=["POST"])
@blp.needs("appointments:write", fails=(410, 412, 428))
@blp.arguments(CancelSchema)
@blp.response(200, AppointmentSchema)
def cancel_appointment(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
    """Cancel an appointment, or release a hold; its time is free at once."""
    expected = expected_version(body, required=True)
    return transitions.cancel(caller, appointment_id, expected, body["reason_code"], body["note"])


def _plain_action(path: str, act: Callable[[Caller, UUID, int | None], Visit], summary: str) -> None:
    """Register an action that needs nothing but the version."""

    def view(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
        return act(caller, appointment_id, expected_version(body, required=True))

    view.__name__ = f"{path.replace('-', '_')}_appointment"
    view.__doc__ = summary
    decorated = blp.arguments(ActionSchema)(blp.response(200, AppointmentSchema)(view))
    needed = blp.needs("appointments:write", fails=(412, 428))(decorated)
    blp.route(f"/<uuid:appointment_id>/{path}", methods=["POST"])(needed)


_plain_action("confirm", transitions.confirm, "Note that the patient has confirmed.")
_plain_action(
    "arrive",
    arrival.arrive,
    """Note that the patient is here.

    Who is late within the location's grace numbs shorter, and later visits in the way give way: `affected`
    names them. Otherwise a late visit is flagged `late`, and `alternatives` are other times for it.
    """,
)
_plain_action("start-numbing", transitions.start_numbing, "Note that the numbing cream is on.")
_plain_action("no-show", transitions.no_show, "Note, after the grace, that nobody came.")


def _wish(body: dict[str, Any]) -> VisitRequest:
    return VisitRequest(
        procedure_id=body["procedure_id"],
        location_id=body["location_id"],
        areas=tuple(body.get("areas") or ()),
        therapist_id=body.get("therapist_id"),
        room_id=body.get("room_id"),
        patient_id=body["patient_id"],
        course_id=body.get("course_id"),
    )


def _conversion(body: dict[str, Any]) -> Conversion:
    return Conversion(
        hold_id=body["hold_id"],
        patient_id=body["patient_id"],
        course_id=body.get("course_id"),
        override=override_of(body),
        notes=body.get("notes"),
    )


def override_of(body: dict[str, Any]) -> Override | None:
    """Give the override that a body names, if it does."""
    given = body.get("override")
    return Override(frozenset(given["codes"]), given["reason"]) if given else None
