"""Reads a waitlist entry, and tells whether its offer is still open."""

from uuid import UUID

from sqlalchemy import select

from booking.claims.expired_holds import drop_expired_of
from booking.core.caller import Caller
from booking.core.errors import HoldExpired, NotFound, WrongStatus
from models import WaitlistEntry


def read_entry(caller: Caller, entry_id: UUID) -> WaitlistEntry:
    """Give an entry as it is now; NotFound when the clinic has none of this id, or the key may not see it."""
    statement = select(WaitlistEntry).where(
        WaitlistEntry.clinic_id == caller.clinic_id, WaitlistEntry.id == entry_id
    )
    if caller.location_ids is not None:
        statement = statement.where(WaitlistEntry.location_id.in_(caller.location_ids))
    found: WaitlistEntry | None = caller.session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("waitlist_entry")
    return found


def require_offer(entry: WaitlistEntry) -> UUID:
    """Give the hold of the entry's offer; raise HoldExpired or WrongStatus when it has none."""
    if entry.status == "expired" and entry.hold_id is not None:
        raise HoldExpired
    if entry.status != "offered" or entry.hold_id is None:
        raise not_offered(entry.status)
    return entry.hold_id


def not_offered(status: str) -> WrongStatus:
    """Give the error for an answer to an entry without an offer."""
    return WrongStatus(("offered",), f"The entry is {status}.")


def drop_expired_offers(caller: Caller, patient_id: UUID) -> None:
    """End the patient's offers and holds that have run out, even if that was not noticed yet.

    The patient is locked. What is offered is found by its entry, as its hold names no patient.
    """
    offered = select(WaitlistEntry.hold_id).where(
        WaitlistEntry.clinic_id == caller.clinic_id,
        WaitlistEntry.patient_id == patient_id,
        WaitlistEntry.status == "offered",
    )
    drop_expired_of(caller, patient_id, caller.session.scalars(offered).all())
