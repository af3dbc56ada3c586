"""Loads the busy time of resources over a window, as bits, and how much visits take of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from struct import unpack
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog
from booking.questions.visit_requests import candidates
from booking.questions.ways import load_ways
from booking.questions.windows import day_and_week, day_of
from models.appointments import BEHIND, LONGEST_OCCUPANCY
from scheduling.bits import Busy, Window, busy_bits, overlapping_bits
from scheduling.questions import Loads, Question
from scheduling.ticks import floor_tick

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
"""
_EXPIRED = """
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
# A visit that has begun keeps all that it occupies, even where it could not claim it, and its place while it
# takes longer than planned, at most until it should be over. As with busy time from outside, this is no
# claim: a visit that has that time keeps it.
_RUNNING = """
    UNION ALL
    SELECT 'outside', used.resource_id, used.lane,
           int4send((extract(epoch FROM p.occupied_from)::bigint / 300)::int)
           || int4send(GREATEST(
               (extract(epoch FROM p.occupied_until)::bigint / 300)::int,
               CASE WHEN p.runs_on
                    THEN LEAST(:running, ceil(extract(epoch FROM a.closes_at) / 300)::int) END
           ))
    FROM appointments a
    JOIN appointment_phases p ON p.clinic_id = a.clinic_id AND p.appointment_id = a.id
    CROSS JOIN LATERAL (
        VALUES (p.room_id, p.lane::int), (p.therapist_id, 0), (p.assistant_id, 0), (p.device_id, 0)
    ) AS used (resource_id, lane)
    WHERE a.clinic_id = :clinic_id AND a.status IN ('arrived', 'numbing', 'in_progress')
      AND used.resource_id = ANY(:ids) AND p.occupied_from < to_timestamp(CAST(:last AS bigint) * 300)
      AND (p.occupied_from < p.occupied_until
           OR (p.runs_on AND p.occupied_from < a.closes_at
               AND p.occupied_from < to_timestamp(CAST(:running AS bigint) * 300))) {others}
"""
# The time that these appointments have already, in spite of busy time from outside that came later.
_PRESENT = """
    UNION ALL
    SELECT 'present', resource_id, lane,
           string_agg(int4send(start_tick) || int4send(end_tick), ''::bytea ORDER BY end_tick)
    FROM occupancies
    WHERE clinic_id = :clinic_id AND appointment_id = ANY(:own) AND resource_id = ANY(:ids)
    GROUP BY resource_id, lane, appointment_id
"""
# How much of the day and of the week visits take; neither blocks nor busy time from outside are work that
# could be shared.
_BOOKED = """
    UNION ALL
    SELECT 'booked', resource_id, 0,
           int4send(sum(greatest(least(end_tick, :day_last) - greatest(start_tick, :day_first), 0))::int)
           || int4send(sum(least(end_tick, :week_last) - greatest(start_tick, :week_first))::int)
    FROM occupancies
    WHERE clinic_id = :clinic_id AND resource_id = ANY(:ids) AND appointment_id IS NOT NULL
      AND end_tick > :week_first AND end_tick < :week_last + :longest AND start_tick < :week_last {others}
    GROUP BY resource_id
"""
_BLOCKED = text(_CLAIMED.format(others="AND appointment_id IS NULL"))
_OF_OTHERS = "AND (appointment_id IS NULL OR appointment_id <> ALL(:without))"


@cache
def _statement(*, without: bool, booked: bool) -> TextClause:
    others = _OF_OTHERS if without else ""
    running = _RUNNING.format(others="AND a.id <> ALL(:without)" if without else "")
    parts = [_CLAIMED.format(others=others), _EXPIRED, _OUTSIDE, running]
    parts += [_PRESENT] if without else []
    parts += [_BOOKED.format(others=others)] if booked else []
    return text("".join(parts))


def busy_for(
    caller: Caller,
    catalog: ClinicCatalog,
    question: Question,
    window: Window,
    without: UUID | Collection[UUID] | None = None,
    *,
    stays: bool = False,
) -> Busy:
    """Give the busy bits of all that the visit could take, and of its staff's ways to the location.

    `without` works as in `load_busy`, `stays` as in `load_ways`.
    """
    left_out, resources = _several(without), candidates(catalog, question)
    ways = load_ways(caller, catalog, resources, [question.location], window, left_out, stays=stays)
    return {**load_busy(caller, resources, window, left_out), **ways}


def load_busy(
    caller: Caller,
    resources: Iterable[UUID],
    window: Window,
    without: Collection[UUID] = (),
    *,
    own: Collection[UUID] | None = None,
) -> dict[tuple[UUID, int], int]:
    """Give each lane's busy bits over the window, without the claims of the appointments in `without`.

    Busy time of staff from outside counts too, except where it overlaps the time that these appointments,
    or with `own` only some of them, have already. So does the place of a visit that takes longer than
    planned, up to now. Slot holds that have expired by the real clock count as gone.
    """
    rows = _read(
        caller, _statement(without=bool(without), booked=False), resources, window, **_of(without, own)
    )
    return _bits(rows, window)


def busy_and_loads(
    caller: Caller,
    catalog: ClinicCatalog,
    question: Question,
    start: int,
    without: UUID | Collection[UUID] | None = None,
    *,
    stays: bool = False,
) -> tuple[Busy, Loads]:
    """Give what is busy on the day of an arrival (a tick), and what each resource has to do, by one query.

    Where the location packs, nobody's load counts. `without` works as in `load_busy`, for both, and `stays`
    as in `load_ways`.
    """
    left_out = _several(without)
    balances = question.location.policy.assign == "balance"
    window, (day, week) = day_of(question, start), day_and_week(question, start)
    bounds = {
        "day_first": day.start,
        "day_last": day.end,
        "week_first": week.start,
        "week_last": week.end,
    }
    statement = _statement(without=bool(left_out), booked=balances)
    values = _of(left_out, left_out) | (bounds if balances else {})
    resources = candidates(catalog, question)
    rows = _read(caller, statement, resources, window, **values)
    loads = {key: unpack(">ii", packed) for what, key, _, packed in rows if what == "booked"}
    ways = load_ways(caller, catalog, resources, [question.location], window, left_out, stays=stays)
    return {**_bits((row for row in rows if row[0] != "booked"), window), **ways}, loads


def load_blocked(caller: Caller, resources: Iterable[UUID], window: Window) -> Busy:
    """Give the bits that blocks take on each lane, including blocks that lie behind visits."""
    return _bits(_read(caller, _BLOCKED, resources, window), window)


def _several(without: UUID | Collection[UUID] | None) -> Collection[UUID]:
    return [without] if isinstance(without, UUID) else without or ()


def _of(without: Collection[UUID], own: Collection[UUID] | None) -> dict[str, list[UUID]]:
    if not without:
        return {}
    return {"without": list(without), "own": list(without if own is None else own)}


def _read(
    caller: Caller,
    statement: TextClause,
    resources: Iterable[UUID],
    window: Window,
    **values: object,
) -> Sequence[Any]:
    bounds = {
        "clinic_id": caller.clinic_id,
        "real_now": caller.real_now,
        "running": floor_tick(caller.now) + 1,
        "ids": list(resources),
        "first": window.start,
        "last": window.end,
        "longest": LONGEST_OCCUPANCY,
    }
    return caller.session.execute(statement, bounds | values).all()


def _bits(rows: Iterable[Any], window: Window) -> dict[tuple[UUID, int], int]:
    found: defaultdict[str, dict[tuple[UUID, int], int]] = defaultdict(dict)
    for what, key, lane, packed in rows:
        bits = overlapping_bits(packed, window) if what == "outside" else busy_bits(packed, window)
        found[what][key, lane] = found[what].get((key, lane), 0) | bits
    busy: dict[tuple[UUID, int], int] = {}
    for (key, lane), bits in found["claimed"].items():
        # No other claim can lie on the time of an expired hold, so without its bits the time is free.
        left = bits & ~found["expired"].get((key, lane), 0)
        place = key, lane % BEHIND
        busy[place] = busy.get(place, 0) | left
    for place, bits in found["outside"].items():
        busy[place] = busy.get(place, 0) | bits & ~found["present"].get(place, 0)
    return busy
