"""Loads who is busy, packed: the busy bits of resources over a window."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from models.appointments import BEHIND, LONGEST_OCCUPANCY
from scheduling.bits import Busy, Window, busy_bits

# Comparisons of integers may use the index below row-level security, range operators may not. No
# occupancy is longer than LONGEST_OCCUPANCY, so its end alone bounds the scan from both sides.
_PACKED = """
    SELECT false AS expired, resource_id, lane,
           string_agg(int4send(start_tick) || int4send(end_tick), ''::bytea ORDER BY end_tick)
    FROM occupancies
    WHERE clinic_id = :clinic_id AND resource_id = ANY(:ids)
      AND end_tick > :first AND end_tick < :last + :longest AND start_tick < :last {others}
    GROUP BY resource_id, lane
    UNION ALL
    SELECT true, o.resource_id, o.lane,
           string_agg(int4send(o.start_tick) || int4send(o.end_tick), ''::bytea ORDER BY o.end_tick)
    FROM appointments a JOIN occupancies o ON o.clinic_id = a.clinic_id AND o.appointment_id = a.id
    WHERE a.clinic_id = :clinic_id AND a.status = 'held' AND a.expires_at <= CAST(:real_now AS timestamptz)
      AND o.resource_id = ANY(:ids) AND o.end_tick > :first AND o.start_tick < :last
    GROUP BY o.resource_id, o.lane
"""
_BUSY = text(_PACKED.format(others=""))
_BLOCKED = text(_PACKED.format(others="AND appointment_id IS NULL"))
_BUSY_WITHOUT = text(_PACKED.format(others="AND (appointment_id IS NULL OR appointment_id <> ALL(:without))"))


def load_busy(
    session: Session,
    clinic_id: UUID,
    resources: Iterable[UUID],
    window: Window,
    without: Collection[UUID] = (),
    *,
    real_now: datetime | None = None,
) -> dict[tuple[UUID, int], int]:
    """Give each lane's busy bits over the window, without the claims of these appointments.

    Holds that have expired by `real_now` (aware) count as gone; without it, as live.
    """
    if not without:
        return _read(session, _BUSY, clinic_id, resources, window, real_now=real_now)
    left_out = list(without)
    return _read(session, _BUSY_WITHOUT, clinic_id, resources, window, real_now=real_now, without=left_out)


def load_blocked(session: Session, clinic_id: UUID, resources: Iterable[UUID], window: Window) -> Busy:
    """Give each lane's bits that blocks take, behind visits too."""
    return _read(session, _BLOCKED, clinic_id, resources, window, real_now=None)


def _read(
    session: Session,
    statement: TextClause,
    clinic_id: UUID,
    resources: Iterable[UUID],
    window: Window,
    **more: Any,  # noqa: ANN401 - further parameters of the statement
) -> dict[tuple[UUID, int], int]:
    values = {
        "clinic_id": clinic_id,
        "ids": list(resources),
        "first": window.start,
        "last": window.end,
        "longest": LONGEST_OCCUPANCY,
    }
    rows = session.execute(statement, values | more).all()
    claimed = {(key, lane): busy_bits(packed, window) for expired, key, lane, packed in rows if not expired}
    # Nobody else can have claimed the time of an expired hold: without its bits the lane is as if dropped.
    for expired, key, lane, packed in rows:
        if expired and (key, lane) in claimed:
            claimed[key, lane] &= ~busy_bits(packed, window)
    busy: dict[tuple[UUID, int], int] = {}
    for (key, lane), bits in claimed.items():
        place = key, lane % BEHIND
        busy[place] = busy.get(place, 0) | bits
    return busy
