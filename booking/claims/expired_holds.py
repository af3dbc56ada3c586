"""Takes the locks of every act that takes time, and ends slot holds that are released or have expired."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from booking.claims.claims import delete_claims
from booking.claims.freed_time import follow_hold, freed_visit
from booking.core.caller import Caller
from booking.core.errors import HoldExpired
from booking.core.events import record
from booking.core.locks import lock
from models import Appointment

_SWEPT_AT_ONCE: Final = 200
# The claims are looked up hold by hold: with an EXISTS, PostgreSQL would read every claim there is. The text
# is fixed because every booking runs it, and mostly no hold has expired.
_CONCERNED = """
    SELECT a.id FROM appointments a
    WHERE a.clinic_id = :clinic_id AND (
        a.status = 'held' AND a.expires_at <= :real_now AND (
            a.patient_id = ANY(:patients)
            OR (SELECT true FROM occupancies o
                WHERE o.clinic_id = a.clinic_id AND o.appointment_id = a.id
                  AND o.resource_id = ANY(:resources)
                LIMIT 1)
            {holds}
        ) {also}
    )
    ORDER BY a.id FOR NO KEY UPDATE
"""
_LOCK = text(_CONCERNED.format(holds="", also=""))
_LOCK_ALSO = text(_CONCERNED.format(holds="", also="OR a.id = :also"))
_LOCK_HOLDS = text(_CONCERNED.format(holds="OR a.id = ANY(:holds)", also=""))
_LOCK_ANY = text("""
    SELECT a.id FROM appointments a
    WHERE a.clinic_id = :clinic_id AND a.status = 'held' AND a.expires_at <= :real_now
    ORDER BY a.id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
""")


def require_live(caller: Caller, hold: Appointment) -> None:
    """Raise HoldExpired at the instant at which the hold expires, and from then on."""
    if hold.expires_at is not None and hold.expires_at <= caller.real_now:
        raise HoldExpired


# The order of locks is the most delicate thing in the product, so every act that takes time of people,
# rooms or devices takes its locks here; an act on a visit that takes none (a confirmation, a cancellation)
# locks the catalogue, the patient and the visit's row (`lock_appointment`), in the same order. Two acts
# that lock the same things in different orders wait for each other until PostgreSQL ends one of them after
# a second, and exclusion constraints alone do just that: two bookings of one slot each wait for the other's
# claim. So an act first locks the catalogue (`locked_catalogue`), then its patients, then every resource
# that it could take, each in id order; an act that needs more locks than it first thought must begin again.
# Only then does it read who is busy, since what was read before the locks may have changed while the act
# waited for them.
#
# A slot hold that has expired still has its claims until a transaction deletes them, and the exclusion
# constraint does not know the time. So the claims of expired holds among the locked patients and resources
# go as soon as these are locked, and before anything is judged or written. The rows of these holds are
# locked after the resources, in id order like all rows of visits, and an act that works on a hold of its own
# (`also`) locks that row in the same statement: locked before or after, it would break the order.
def lock_and_sweep(
    caller: Caller,
    *,
    patients: Iterable[UUID | None] = (),
    resources: Iterable[UUID] = (),
    also: UUID | None = None,
) -> None:
    """Lock the patients and then the resources, and end the expired holds that still take any of them.

    `also` is an appointment that the act works on: its row is locked with those of the holds, and it stays.
    """
    known, wanted = [one for one in patients if one is not None], list(resources)
    lock(caller.session, patients=known, resources=wanted)
    drop_expired(caller, known, wanted, also)


def drop_expired(
    caller: Caller, patients: Iterable[UUID] = (), resources: Iterable[UUID] = (), also: UUID | None = None
) -> None:
    """End the expired holds that still take these patients or resources, which the caller has locked."""
    values = _values(caller, patients, resources)
    statement = _LOCK if also is None else _LOCK_ALSO
    found = caller.session.scalars(statement, values if also is None else values | {"also": also}).all()
    _expire(caller, [one for one in found if one != also])


def drop_expired_of(caller: Caller, patient_id: UUID, holds: Iterable[UUID | None]) -> None:
    """End the expired holds of a patient, whom the caller has locked, and those of `holds` that have expired.

    What is offered names no patient: the caller knows whose holds these are.
    """
    values = _values(caller, [patient_id], ()) | {"holds": list(holds)}
    _expire(caller, caller.session.scalars(_LOCK_HOLDS, values).all())


def _values(caller: Caller, patients: Iterable[UUID], resources: Iterable[UUID]) -> dict[str, Any]:
    return {
        "clinic_id": caller.clinic_id,
        "real_now": caller.real_now,
        "patients": list(patients),
        "resources": list(resources),
    }


def sweep(caller: Caller) -> int:
    """End at most 200 of the clinic's expired holds, so that their claims are free; give their number.

    A hold whose row another transaction has locked is left to the next sweep.
    """
    values = {"clinic_id": caller.clinic_id, "real_now": caller.real_now, "most": _SWEPT_AT_ONCE}
    found = caller.session.scalars(_LOCK_ANY, values).all()
    _expire(caller, found)
    return len(found)


def end_hold(caller: Caller, hold: Appointment, how: str) -> None:
    """End a hold whose row is locked, as `released` or `expired`, and delete its claims."""
    delete_claims(caller.session, hold, phases=True)
    hold.status = "cancelled"
    hold.expires_at = None
    hold.hold = {**(hold.hold or {}), "ended": how}
    hold.version += 1
    caller.session.flush()
    record(caller, how, hold, {"status": ["held", "cancelled"]}, of="hold")
    follow_hold(caller, hold, how)
    freed_visit(caller, hold.location_id, hold.starts_at, hold.ends_at)


def _expire(caller: Caller, hold_ids: Iterable[UUID]) -> None:
    """End expired holds whose rows are locked; the audit log names no author, since time has ended them."""
    ids = list(hold_ids)
    if not ids:
        return
    without_author = replace(caller, key_id=None, actor=None)
    statement = select(Appointment).where(Appointment.clinic_id == caller.clinic_id, Appointment.id.in_(ids))
    for hold in caller.session.scalars(statement.execution_options(populate_existing=True)).all():
        end_hold(without_author, hold, "expired")
