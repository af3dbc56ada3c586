"""Loads who is busy, packed: the busy bits of resources over a window."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from models.appointments import BEHIND, LONGEST_OCCUPANCY
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
_BLOCKED = text(_PACKED.format(others="AND appointment_id IS NULL"))
_BUSY_BUT_FOR = text(_PACKED.format(others="AND appointment_id IS DISTINCT FROM :ignore"))


def load_busy(
    session: Session, clinic_id: UUID, resources: Iterable[UUID], window: Window, ignore: UUID | None = None
) -> Busy:
    """Give each lane's busy bits over the window; `ignore` leaves one appointment's own claims out."""
    if ignore is None:
        return _read(session, _BUSY, clinic_id, resources, window)
    return _read(session, _BUSY_BUT_FOR, clinic_id, resources, window, ignore=ignore)


def load_blocked(session: Session, clinic_id: UUID, resources: Iterable[UUID], window: Window) -> Busy:
    """Give each lane's bits that blocks take, behind visits too."""
    return _read(session, _BLOCKED, clinic_id, resources, window)


def _read(
    session: Session,
    statement: TextClause,
    clinic_id: UUID,
    resources: Iterable[UUID],
    window: Window,
    **more: object,
) -> Busy:
    values = {
        "clinic_id": clinic_id,
        "ids": list(resources),
        "first": window.start,
        "last": window.end,
        "longest": LONGEST_OCCUPANCY,
    }
    busy: dict[tuple[UUID, int], int] = {}
    for resource_id, claimed, packed in session.execute(statement, values | more):
        lane = resource_id, claimed % BEHIND
        busy[lane] = busy.get(lane, 0) | busy_bits(packed, window)
    return busy
