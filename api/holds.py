"""Holds over HTTP: keep a slot for some minutes, extend that once, or release the slot."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.visit_requests import refuse_for_widgets, visit_request_of
from booking.appointments import slot_holds
from booking.appointments.records import Visit
from booking.core.caller import Caller
from schemas.holds import HoldRequestSchema, HoldSchema, TtlSchema

blp = Blueprint("holds", "holds", url_prefix="/v1/holds", description="Slots kept for a few minutes.")


@blp.route("", methods=["POST"])
@blp.needs("appointments:write", public=True)
@blp.arguments(HoldRequestSchema)
@blp.response(201, HoldSchema)
def create_hold(caller: Caller, body: dict[str, Any]) -> tuple[Visit, dict[str, str]]:
    """Hold a slot with everything that the visit takes.

    Book it by `hold_id` before `expires_at`. When it is refused, the answer is 409 with every reason and up
    to five near slots. A publishable key names a patient only with a booking token. It has up to 20 live
    holds at a location, each of its visitors up to 5: one more is 409 `too_many_holds` with `Retry-After`.
    """
    refuse_for_widgets(caller, body, ("course_id", "phase_minutes"))
    held = slot_holds.hold(caller, visit_request_of(body), body["starts_at"], _ttl(body))
    return held, {"Location": f"{blp.url_prefix}/{held.appointment.id}"}


@blp.route("/<uuid:hold_id>", methods=["GET"])
@blp.needs("appointments:write", public=True, fails=(409, 410))
@blp.response(200, HoldSchema)
def get_hold(caller: Caller, hold_id: UUID) -> Visit:
    """Get a live hold: 410 once expired, 409 `hold_converted` once booked, 404 once released."""
    return slot_holds.get(caller, hold_id)


@blp.action(
    "/<uuid:hold_id>/extend", "appointments:write", HoldSchema, takes=TtlSchema, public=True, fails=(410,)
)
def extend_hold(caller: Caller, body: dict[str, Any], hold_id: UUID) -> Visit:
    """Extend a hold once, to `ttl_seconds` from now; it never becomes shorter."""
    return slot_holds.extend(caller, hold_id, _ttl(body))


@blp.route("/<uuid:hold_id>", methods=["DELETE"])
@blp.needs("appointments:write", public=True, fails=(410,))
@blp.response(204)
def delete_hold(caller: Caller, hold_id: UUID) -> None:
    """Release a hold; its time is free at once."""
    slot_holds.release(caller, hold_id)


def _ttl(body: dict[str, Any]) -> timedelta | None:
    return timedelta(seconds=body["ttl_seconds"]) if "ttl_seconds" in body else None
