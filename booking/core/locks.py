"""Locks the catalogue, then patients, then resources: an act takes all its locks first, in this order."""

from collections.abc import Iterable
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from booking.core.caller import Caller

_LOCK_CATALOGUE = text("SELECT pg_advisory_xact_lock_shared(lock_key(:clinic_id))")
# The locks are taken in the order of the array, and released with their transaction or savepoint.
_LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def lock_catalogue(caller: Caller) -> None:
    """Lock the clinic's catalogue as it is until the transaction ends; acts on visits share this lock."""
    caller.session.execute(_LOCK_CATALOGUE, {"clinic_id": caller.clinic_id})


def lock_catalogue_for_change(caller: Caller) -> None:
    """Lock the clinic's catalogue to change it: every act on visits waits until this transaction ends."""
    lock_resources(caller.session, [caller.clinic_id])


def lock(session: Session, *, patients: Iterable[UUID] = (), resources: Iterable[UUID] = ()) -> None:
    """Lock the patients and then the resources, each in id order, before anything is read or written."""
    session.execute(_LOCK, {"keys": [*_keys(patients), *_keys(resources)]})


def lock_resources(session: Session, resources: Iterable[UUID]) -> None:
    """Lock only resources, for acts that concern no patient, such as blocks."""
    lock(session, resources=resources)


def lock_holds(session: Session, key_id: UUID, location_id: UUID) -> None:
    """Lock the slot holds of a key at a location before any other lock, so that they are made in turn."""
    session.execute(_LOCK, {"keys": _keys([uuid5(key_id, str(location_id))])})


def lock_names(session: Session, names: Iterable[str]) -> None:
    """Lock what has no id, such as an address, by its name; before any other lock."""
    session.execute(_LOCK, {"keys": _keys([uuid5(NAMESPACE_OID, name) for name in names])})


def _keys(ids: Iterable[UUID]) -> list[int]:
    return [int.from_bytes(one.bytes[8:], "big", signed=True) for one in sorted(set(ids))]
