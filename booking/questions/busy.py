"""Loads who is busy, packed: the busy bits of resources over a window."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from models.appointments import BEHIND, LONGEST_OCCUPANCY
from scheduling.bits import Busy, Window, busy_bits, overlapping_bits

# Comparisons of integers may use the index below row-level security, range operators may not. No
# occupancy is longer than LONGEST_OCCUPANCY, so its end alone bounds the scan from both sides; the same
# holds for the pieces of busy time from outside, which unlike claims may overlap.
_CLAIMED = """
    SELECT 'claimed' AS what, resource_id, lane,
           string_agg(int4send(start_tick) || int4send(end_tick), ''::bytea ORDER BY end_tick)
    FROM occupancies
    WHERE clinic_id = :clinic_id AND resource_id = ANY(:ids)
      AND end_tick > :first AND end_tick < :last + :longest AND start_tick < :last {others}
    GROUP BY resource_id, lane
    UNION ALL
    SELECT 'expired', o.resource_id, o.lane,
           string_agg(int4send(o.start_tick) || int4send(o.end_tick), ''::bytea ORDER BY o.end_tick)
    FROM appointments a JOIN occupancies o ON o.clinic_id = a.clinic_id AND o.appointment_id = a.id
    WHERE a.clinic_id = :clinic_id AND a.status = 'held' AND a.expires_at <= CAST(:real_now AS timestamptz)
      AND o.resource_id = ANY(:ids) AND o.end_tick > :first AND o.start_tick < :last
    GROUP BY o.resource_id, o.lane
"""
_OUTSIDE = """
    UNION ALL
    SELECT 'outside', resource_id, 0,
           string_agg(int4send(start_tick) || int4send(end_tick), ''::bytea ORDER BY start_tick)
    FROM external_busy
    WHERE clinic_id = :clinic_id AND resource_id = ANY(:ids)
      AND end_tick > :first AND end_tick < :last + :longest AND start_tick < :last
    GROUP BY resource_id
"""
# Who stands where something from outside came later is not judged by it anew.
_STANDING = """
    UNION ALL
    SELECT 'standing', resource_id, 0,
           string_agg(int4send(start_tick) || int4send(end_tick), ''::bytea ORDER BY end_tick)
    FROM occupancies
    WHERE clinic_id = :clinic_id AND appointment_id = ANY(:without) AND resource_id = ANY(:ids)
    GROUP BY resource_id, appointment_id
"""
_BUSY = text(_CLAIMED.format(others="") + _OUTSIDE)
_BLOCKED = text(_CLAIMED.format(others="AND appointment_id IS NULL"))
_OF_OTHERS = "AND (appointment_id IS NULL OR appointment_id <> ALL(:without))"
_BUSY_WITHOUT = text(_CLAIMED.format(others=_OF_OTHERS) + _OUTSIDE + _STANDING)


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

    Busy time of staff from outside counts too, but for what lies over the time that these appointments
    have already. Holds that have expired by `real_now` (aware) count as gone; without it, as live.
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
    found: defaultdict[str, dict[tuple[UUID, int], int]] = defaultdict(dict)
    for what, key, lane, packed in session.execute(statement, values | more).all():
        bits = overlapping_bits(packed, window) if what == "outside" else busy_bits(packed, window)
        found[what][key, lane] = found[what].get((key, lane), 0) | bits
    busy: dict[tuple[UUID, int], int] = {}
    for (key, lane), bits in found["claimed"].items():
        # Nobody else can have claimed the time of an expired hold: without its bits it is as if dropped.
        left = bits & ~found["expired"].get((key, lane), 0)
        place = key, lane % BEHIND
        busy[place] = busy.get(place, 0) | left
    for place, bits in found["outside"].items():
        busy[place] = busy.get(place, 0) | bits & ~found["standing"].get(place, 0)
    return busy
