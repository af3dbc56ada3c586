"""Appointments over HTTP: book, judge, read, move and take through the day."""

from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from api.access import SEE
from api.blueprints import Blueprint
from api.etags import Version, expected_version
from api.included_patients import cards_of
from api.paging import page
from api.problems import malformed
from api.state import address, own_sealer
from api.visit_requests import (
    ignored_appointment,
    override_of,
    refuse_for_widgets,
    shown_verdict,
    visit_request_of,
)
from booking.appointments import (
    book,
    book_together,
    hold_conversion,
    listing,
    records,
    rescheduling,
    slot_holds,
    transitions,
    visit_links,
)
from booking.appointments.book_together import Order
from booking.appointments.hold_conversion import Conversion
from booking.appointments.records import Visit
from booking.appointments.rescheduling import Move
from booking.appointments.transitions import Cancellation
from booking.appointments.visit_links import LinkWriter
from booking.core.caller import Caller
from booking.core.errors import VersionRequired
from booking.day import arrival, completing, numbing, reassigning, starting, swapping, undoing
from booking.day.reassigning import Place
from booking.online.visits import patient_for_booking
from models import Appointment, AuditEntry
from schemas.appointments import (
    AppointmentListSchema,
    AppointmentQuerySchema,
    AppointmentSchema,
    BookingSchema,
    CancelSchema,
    CompleteSchema,
    HistoryEntrySchema,
    NotesChangeSchema,
    ReassignSchema,
    RescheduleSchema,
    StartSchema,
    StepSchema,
    SwapSchema,
    TogetherSchema,
    UndoSchema,
    ValidationSchema,
    VerdictSchema,
)
from schemas.base import QueryArgs, page_of
from schemas.booking_tokens import LinkRequestSchema, LinkSchema

blp = Blueprint(
    "appointments", "appointments", url_prefix="/v1/appointments", description="Visits, from booking to done."
)
_ONE: Final = "/<uuid:appointment_id>"
_act = partial(blp.action, scope="appointments:write", gives=AppointmentSchema, version=Version.REQUIRED)
# What the clinic alone decides of a visit, by the names of the fields in a body.
_DESKS: Final = ("at", "course_id", "notes", "note", "override", "phase_minutes", "room_id")
OWN: Final = (
    "id",
    "version",
    "status",
    "location_id",
    "procedure_id",
    "patient_id",
    "therapist_id",
    "areas",
    "starts_at",
    "procedure_at",
    "ends_at",
    "created_at",
    "updated_at",
)
"""What patients see of their visits: no notes, no flags, no reasons."""


@blp.route("", methods=["GET"])
@blp.needs("appointments:read", token=True, public_fields=OWN)
@blp.arguments(AppointmentQuerySchema, location="query")
@blp.response(200, page_of(AppointmentSchema), own=OWN)
def list_appointments(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List appointments, by default in order of creation.

    `updated_since` is for display only; it can miss changes. A booking token lists its patients' visits.
    """
    refuse_for_widgets(caller, query, ("flagged",), at="?")
    found = page(caller.session, listing.select_appointments(caller, query), Appointment, query)
    visits = records.with_phases(caller, found["items"])
    cards = cards_of(caller, query, (visit.appointment.patient_id for visit in visits))
    if cards is not None:
        visits = [replace(one, included={"patient": cards[one.appointment.patient_id]}) for one in visits]
    return {**found, "items": visits}


@blp.route("", methods=["POST"])
@blp.needs("appointments:write", token=True, public_fields=OWN, fails=(410,))
@blp.arguments(BookingSchema)
@blp.response(201, AppointmentSchema, own=OWN)
def create_appointment(caller: Caller, body: dict[str, Any]) -> tuple[Visit, dict[str, str]]:
    """Book a visit, or the slot that a hold keeps.

    When a rule or the present state forbids the visit, the answer is 409 with every reason and up to five
    near slots, and a hold stays as it is. 410 when the hold has expired, 409 `hold_converted` when it was
    booked.

    With a booking token a widget books for its patients, or for a new `patient` at its address: procedures
    that are `online`, and 409 `too_many_online` beyond 3 visits to come.
    """
    if caller.publishable:
        refuse_for_widgets(caller, body, _DESKS)
        caller, body = _for_patient(caller, body)
    elif "patient" in body:
        raise malformed([("/patient", "Goes with a booking token: record the patient first.")])
    if "hold_id" in body:
        visit = hold_conversion.convert(caller, _conversion(body))
    else:
        visit = book.book(
            caller, visit_request_of(body), body["starts_at"], override_of(body), body.get("notes")
        )
    return visit, {"Location": f"{blp.url_prefix}/{visit.appointment.id}"}


@blp.action("/together", "appointments:write", AppointmentListSchema, takes=TogetherSchema, status=201)
def create_appointments_together(
    caller: Caller, body: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Book several visits of one patient at once, all or none.

    The visits are judged in order of time: a consultation counts for the treatment after it. When one of
    them cannot take place, the answer is 409 with every reason by visit.
    """
    wanted = [one | {"patient_id": body["patient_id"]} for one in body["visits"]]
    orders = [
        Order(visit_request_of(one), one["starts_at"], override_of(one), one.get("notes")) for one in wanted
    ]
    visits = book_together.book_together(caller, orders, root="/visits")
    first = visits[0].appointment.id
    return {"appointments": visits}, {"Location": f"{blp.url_prefix}/{first}"}


@blp.action("/validate", "appointments:read", VerdictSchema, takes=ValidationSchema, fails=(410,))
def validate_appointment(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Judge a booking, or with `ignore_appointment_id` a move, without making it."""
    if "hold_id" in body:
        verdict = hold_conversion.validate(caller, _conversion(body))
    else:
        ignore = ignored_appointment(caller, body)
        verdict = book.validate(caller, visit_request_of(body), body["starts_at"], override_of(body), ignore)
    return shown_verdict(caller, verdict)


@blp.route(_ONE, methods=["GET"])
@blp.needs("appointments:read", token=True, link=SEE, public_fields=OWN)
@blp.response(200, AppointmentSchema, own=OWN)
def get_appointment(caller: Caller, appointment_id: UUID) -> Visit:
    """Get an appointment."""
    return records.with_phases(caller, [records.get_appointment(caller, appointment_id)])[0]


@blp.route(_ONE, methods=["PATCH"])
@blp.needs("appointments:write", fails=(412, 428))
@blp.arguments(NotesChangeSchema)
@blp.response(200, AppointmentSchema)
def update_appointment(caller: Caller, body: dict[str, Any], appointment_id: UUID) -> Visit:
    """Change an appointment's notes."""
    expected = expected_version(body, required=True)
    return records.edit_notes(caller, appointment_id, body["notes"], expected)


@blp.route(f"{_ONE}/history", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(QueryArgs, location="query")
@blp.response(200, page_of(HistoryEntrySchema))
def list_appointment_history(caller: Caller, query: dict[str, Any], appointment_id: UUID) -> dict[str, Any]:
    """List the events of an appointment, each with its actor."""
    records.get_appointment(caller, appointment_id)
    return page(caller.session, listing.select_history(caller, appointment_id), AuditEntry, query)


@_act(f"{_ONE}/reschedule", takes=RescheduleSchema, token=True, link="reschedule", own=OWN)
def reschedule_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Move an appointment, keeping its id; its therapist stays where that is possible.

    The patient gets a confirmation of the new time two minutes later, unless the visit is moved back by then.
    Patients move their own visits until the hours before it that the location's `cancel_free_hours` gives,
    then it is 409 `too_late_online`.
    """
    refuse_for_widgets(caller, body, _DESKS)
    move = Move(
        body["starts_at"],
        body.get("location_id"),
        body.get("therapist_id"),
        body.get("room_id"),
        body["at"],
        body["notify"],
    )
    return rescheduling.reschedule(caller, appointment_id, move, expected, override_of(body))


@_act(f"{_ONE}/reassign", takes=ReassignSchema)
def reassign_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Give an appointment another therapist or room at the same times.

    When that is refused, the answer is 409 with every reason, and `alternatives` names the therapists who
    could lead the visit at these times (`therapist_ids`) and the rooms that it could have (`room_ids`).
    """
    place = Place(body.get("therapist_id"), body.get("room_id"), body["at"])
    return reassigning.reassign(caller, appointment_id, place, expected, override_of(body))


@blp.action(
    "/swap",
    "appointments:write",
    AppointmentListSchema,
    takes=SwapSchema,
    fails=Version.REQUIRED.value,
)
def swap_appointments(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Exchange the therapists or the rooms of two appointments at once.

    Each keeps its times and is judged as by `reassign`, as if the other had left. When one of them cannot
    have what the other has, the answer is 409 with every reason by visit, and neither changes. To exchange
    what is equal changes nothing.
    """
    if "versions" not in body:
        raise VersionRequired("Say in `versions` which versions you change.")
    visits = swapping.swap(caller, body["appointment_ids"], body["what"], body["versions"])
    return {"appointments": visits}


@_act(f"{_ONE}/start", takes=StartSchema)
def start_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Note that the procedure begins.

    409 with every reason when the cream has worked too short or too long, or when the visit may not take
    place by the rules as they are now: medical holds, spacing, wash-outs, prerequisites, qualifications. What
    the visit's overrides allow is allowed still; `override` allows more, except floors and qualifications.
    When it begins on another date than planned, `affected` are later visits that are now too near.
    """
    elsewhere, off_at = body["numbed_elsewhere"], body["cream_off_at"]
    return starting.start(
        caller,
        appointment_id,
        expected,
        body["at"],
        override_of(body),
        numbed_elsewhere=elsewhere,
        cream_off_at=off_at,
    )


@_act(f"{_ONE}/complete", takes=CompleteSchema)
def complete_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Note that the patient has been treated, and what went wrong.

    Each adverse effect opens a medical hold; `affected` names the patient's visits that this hold forbids.
    """
    return completing.complete(caller, appointment_id, expected, body["adverse_effects"], body["at"])


@_act(f"{_ONE}/cancel", takes=CancelSchema, fails=(410,), token=True, link="cancel", own=OWN)
def cancel_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Cancel an appointment, or release a hold; its time is free at once.

    Patients cancel their visits to come themselves, with the reason `patient`.
    """
    refuse_for_widgets(caller, body, _DESKS)
    if caller.publishable and body["reason_code"] != "patient":
        raise malformed([("/reason_code", "A patient's own is `patient`.")])
    cancellation = Cancellation(body["reason_code"], body["note"], body["at"], body["notify"])
    return transitions.cancel(caller, appointment_id, expected, cancellation)


@_act(f"{_ONE}/confirm", takes=StepSchema, token=True, link="confirm", own=OWN)
def confirm_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Note that the patient has confirmed."""
    refuse_for_widgets(caller, body, _DESKS)
    return transitions.confirm(caller, appointment_id, expected, body["at"])


@_act(f"{_ONE}/undo", takes=UndoSchema)
def undo_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Take back the last change of an appointment's status; the next time, the change before it.

    What the step changed is as it was before it: what the visit occupies, its spacing and its course, real
    times, a cancellation, medical holds that its end has opened. Moves stay, and so do visits that gave way.
    When the time has been given to others, the answer is 409 with every reason. After the visit's own day it
    needs the scope `override:clinician`.
    """
    return undoing.undo(caller, appointment_id, body["reason"], expected)


@_act(f"{_ONE}/arrive", takes=StepSchema)
def arrive_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Note that the patient is here.

    On another day than the visit's it is 409 `wrong_day` with other times of today: move the visit first. A
    patient who is late within the location's grace gets a shorter numbing phase, and later visits in the
    way give way: `affected` names them. Otherwise a late visit is flagged `late`, and `alternatives` are
    other times for it. A patient who was noted as a no-show is taken on while the time of the visit can be
    had, else it is 409 with every reason.
    """
    return arrival.arrive(caller, appointment_id, expected, body["at"])


@_act(f"{_ONE}/start-numbing", takes=StepSchema)
def start_numbing_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Note that the numbing cream is on."""
    return numbing.start_numbing(caller, appointment_id, expected, body["at"])


@_act(f"{_ONE}/no-show", takes=StepSchema)
def no_show_appointment(
    caller: Caller, body: dict[str, Any], appointment_id: UUID, expected: int | None
) -> Visit:
    """Note, after the grace, that the patient has not come."""
    return transitions.no_show(caller, appointment_id, expected, body["at"])


@blp.action(f"{_ONE}/links", "appointments:write", LinkSchema, takes=LinkRequestSchema, status=201)
def create_appointment_link(
    caller: Caller, body: dict[str, Any], appointment_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """Write a link to a visit to come, for a letter to its patient.

    Its token is good until the visit begins, also after a move. It can be sent as `X-Booking-Token` without
    any key, sees the visit and does what it names: with `reschedule` it also asks for availability.
    """
    visit = visit_links.visit_to_link(caller, appointment_id)
    linked, writer = visit.appointment, LinkWriter(own_sealer(), address())
    url = writer.url(caller.clinic_id, linked.id, linked.links_issue, body["actions"])
    return {"url": url, "expires_at": linked.starts_at.astimezone(visit.zone)}, {"Location": url}


@blp.route(f"{_ONE}/links", methods=["DELETE"])
@blp.needs("appointments:write")
@blp.response(204)
def delete_appointment_links(caller: Caller, appointment_id: UUID) -> None:
    """Revoke every link to a visit that was written until now."""
    visit_links.revoke_links(caller, appointment_id)


def _for_patient(caller: Caller, body: dict[str, Any]) -> tuple[Caller, dict[str, Any]]:
    """Give the visitor and the body with the patient whom they book for."""
    procedure_id = body.get("procedure_id")
    if procedure_id is None:
        procedure_id = slot_holds.find(caller, body["hold_id"]).procedure_id
    caller, patient_id = patient_for_booking(caller, procedure_id, body)
    return caller, {**body, "patient_id": patient_id}


def _conversion(body: dict[str, Any]) -> Conversion:
    return Conversion(
        hold_id=body["hold_id"],
        patient_id=body["patient_id"],
        course_id=body.get("course_id"),
        override=override_of(body),
        notes=body.get("notes"),
    )
