"""Takes every lock an act needs first and in one fixed order: catalogue, patients, resources."""

from collections.abc import Iterable
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from booking.core.caller import Caller

_LOCK_CATALOGUE = text("SELECT pg_advisory_xact_lock_shared(lock_key(:clinic_id))")
# The array's order is the order of locking; a lock dies with its transaction or savepoint.
_LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def lock_catalogue(caller: Caller) -> None:
    """Keep the clinic's catalogue as it is until the transaction ends; acts on visits share this lock."""
    caller.session.execute(_LOCK_CATALOGUE, {"clinic_id": caller.clinic_id})


def lock_catalogue_for_change(caller: Caller) -> None:
    """Let no other transaction read or change the clinic's catalogue under a lock until this one ends."""
    lock_resources(caller.session, [caller.clinic_id])


def lock(session: Session, *, patients: Iterable[UUID] = (), resources: Iterable[UUID] = ()) -> None:
    """Lock the patients and then the resources, each in id order, before anything is read or written."""
    session.execute(_LOCK, {"keys": [*_keys(patients), *_keys(resources)]})


def lock_resources(session: Session, resources: Iterable[UUID]) -> None:
    """Lock resources alone, for acts that concern no patient, such as blocks."""
    lock(session, resources=resources)


def lock_holds(session: Session, key_id: UUID, location_id: UUID) -> None:
    """Let only one transaction at a time make a hold with a key at a location, before any other lock."""
    session.execute(_LOCK, {"keys": _keys([uuid5(key_id, str(location_id))])})


def _keys(ids: Iterable[UUID]) -> list[int]:
    return [int.from_bytes(one.bytes[8:], "big", signed=True) for one in sorted(set(ids))]
