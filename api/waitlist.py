"""The waitlist over HTTP: its entries, and the patients' answers to offers."""

from typing import Any
from uuid import UUID

from api.appointments import OWN
from api.blueprints import Blueprint
from api.crud import Offer, serve
from api.etags import expected_version
from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.waitlist import entries
from schemas.appointments import AppointmentSchema
from schemas.base import patch_of
from schemas.waitlist import WaitlistChangeSchema, WaitlistEntrySchema, WaitlistQuery

blp = Blueprint(
    "waitlist",
    "waitlist",
    url_prefix="/v1/waitlist",
    description="Patients who wait for a visit: freed time is held for the first whom it suits, and offered.",
)
serve(
    blp,
    Offer(
        entries.WaitlistEntries,
        WaitlistEntrySchema,
        WaitlistQuery,
        area="appointments",
        token=True,
        without=frozenset({"update", "delete"}),
    ),
    plural="waitlist entries",
)


@blp.route("/<uuid:waitlist_entry_id>", methods=["PATCH"])
@blp.needs("appointments:write")
@blp.arguments(patch_of(WaitlistChangeSchema, *entries.FIXED))
@blp.response(200, WaitlistEntrySchema)
def update_waitlist_entry(caller: Caller, body: dict[str, Any], waitlist_entry_id: UUID) -> dict[str, Any]:
    """Change an entry's wishes, or let the patient wait again.

    409 `wrong_status` while the entry is offered and once it is accepted.
    """
    return entries.change(caller, waitlist_entry_id, body, expected_version(body))


@blp.route("/<uuid:waitlist_entry_id>", methods=["DELETE"])
@blp.needs("appointments:write")
@blp.response(204)
def delete_waitlist_entry(caller: Caller, waitlist_entry_id: UUID) -> None:
    """Withdraw an entry; an offered slot is free at once, a booked appointment stays."""
    entries.withdraw(caller, waitlist_entry_id, expected_version())


@blp.action(
    "/<uuid:waitlist_entry_id>/accept",
    "appointments:write",
    AppointmentSchema,
    fails=(410,),
    token=True,
    own=OWN,
)
def accept_waitlist_entry(caller: Caller, waitlist_entry_id: UUID) -> Visit:
    """Book the offered slot, or move the visit to bring forward there, under its own id.

    The patient's rules are judged again: 409 `refused` leaves the offer as it is. 410 `hold_expired` once
    the offer has run out, 409 `wrong_status` when nothing is offered.
    """
    return entries.accept(caller, waitlist_entry_id)


@blp.action(
    "/<uuid:waitlist_entry_id>/decline", "appointments:write", WaitlistEntrySchema, fails=(410,), token=True
)
def decline_waitlist_entry(caller: Caller, waitlist_entry_id: UUID) -> dict[str, Any]:
    """Decline the offered slot; it goes to the next patient who waits."""
    return entries.decline(caller, waitlist_entry_id)
