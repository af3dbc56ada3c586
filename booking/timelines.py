"""Loads who is busy, packed: the busy bits of resources over a window."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.appointments import LONGEST_OCCUPANCY
from scheduling.bits import Busy, Window, busy_bits

# Comparisons of integers may use the index below row-level security, range operators may not. No
# occupancy is longer than LONGEST_OCCUPANCY, so its end alone bounds the scan from both sides.
_PACKED = """
    SELECT resource_id, lane,
           string_agg(int4send(start_tick) || int4send(end_tick), ''::bytea ORDER BY end_tick)
    FROM occupancies
    WHERE clinic_id = :clinic_id AND resource_id = ANY(:ids)
      AND end_tick > :first AND end_tick < :last + :longest AND start_tick < :last {others}
    GROUP BY resource_id, lane
"""
_BUSY = text(_PACKED.format(others=""))
_BUSY_BUT_FOR = text(_PACKED.format(others="AND (appointment_id IS NULL OR appointment_id <> ALL(:ignored))"))


def load_busy(
    session: Session,
    clinic_id: UUID,
    resources: Iterable[UUID],
    window: Window,
    ignore: UUID | Collection[UUID] | None = None,
) -> Busy:
    """Give each lane's busy bits over the window; `ignore` leaves the claims of some appointments out."""
    values = {
        "clinic_id": clinic_id,
        "ids": list(resources),
        "first": window.start,
        "last": window.end,
        "longest": LONGEST_OCCUPANCY,
    }
    ignored = [ignore] if isinstance(ignore, UUID) else list(ignore or ())
    statement = _BUSY_BUT_FOR if ignored else _BUSY
    rows = session.execute(statement, values | {"ignored": ignored} if ignored else values)
    return {(resource_id, lane): busy_bits(packed, window) for resource_id, lane, packed in rows}
