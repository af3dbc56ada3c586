"""Blocks: times in which a resource is kept free, claimed like a visit's but without one."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.orm import InstrumentedAttribute
from uuid_utils.compat import uuid7

from booking.catalogue.block_days import (
    Span,
    days_of,
    in_the_way,
    last_date,
    occurrences,
    skipped_days,
    takes_elsewhere,
)
from booking.claims.expired_holds import lock_and_sweep
from booking.claims.freed_time import freed_resource
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where, latest
from booking.core.errors import InUse, Invalid, OtherLocations
from booking.core.nested_rows import columns_of
from booking.flags.disrupted import lift, visits_on
from booking.flags.external_busy import read_again_soon
from booking.questions.zones import zones_of
from models import Block, Device, Occupancy, Resource, Room
from models.appointments import BEHIND, LONGEST_OCCUPANCY
from scheduling.bits import merge
from scheduling.ticks import has_weekday

LONGEST: Final = timedelta(days=400)
LONGEST_REPEAT: Final = timedelta(days=731)
# This bounds the rows that one request writes while others wait for the resource.
MOST_CLAIMS: Final = 20_000
# One array, however many there are: a statement takes no more than 65,535 parameters.
_DROP = text("DELETE FROM occupancies WHERE clinic_id = :clinic_id AND id = ANY(CAST(:ids AS uuid[]))")

_TIMES: Final = ("starts_at", "ends_at", "repeats")
Piece = tuple[int, int, int]


class Resources(Collection):
    """Everything that a block can keep free: staff, rooms and devices."""

    name = "resource"
    model = Resource

    def select(self, where: Where = ALL) -> Select[Any]:
        """Leave out rooms and devices of locations that the key does not see."""
        return _not_elsewhere(self.caller, super().select(where), Resource.id)


class Blocks(Collection):
    """Blocks, each of one resource for good."""

    name = "block"
    model = Block
    locks = "resource_id"
    fixed = ("resource_id",)

    def select(self, where: Where = ALL) -> Select[Any]:
        """Leave out blocks of resources that the key does not see."""
        return _not_elsewhere(self.caller, super().select(where), Block.resource_id)

    def complete(self, before: Values | None, values: Values) -> None:
        """Leave out the days with visits in the way, if asked to; new times are for all days again."""
        skips = values.pop("skip_conflicts", False)
        times = {name: values.get(name, (before or {}).get(name)) for name in _TIMES}
        if skips or before is None or any(times[name] != before[name] for name in _TIMES):
            values["skipped"] = self._in_the_way({**(before or {}), **values}) if skips else []

    def _in_the_way(self, whole: Values) -> list[Values]:
        """Give the days of a block with visits in the way; InUse when no other day is left."""
        self.check_values(whole)
        lock_and_sweep(self.caller, resources=[whole["resource_id"]])
        zones = zones_of(self.caller, [whole["resource_id"]])[whole["resource_id"]]
        days = list(occurrences(zones, *(whole[name] for name in _TIMES)))
        first, last = min(start for _, (start, _) in days), max(end for _, (_, end) in days)
        claims = visits_on(self.caller, whole["resource_id"], first, last)
        found = in_the_way(days, [one for one in claims if not one.tolerated])
        if len(found) == len(days):
            ids = {id_ for one in found for id_ in one["appointment_ids"]}
            raise InUse("There are appointments in the way on every day of the block.", sorted(ids))
        return found

    def check_reach(self, before: Values | None, after: Values | None) -> None:
        """Refuse to take or to give back time in which a therapist works at a location that the key lacks."""
        seen = self.caller.location_ids or ()
        for block in filter(None, (before, after)):
            zones = zones_of(self.caller, [block["resource_id"]]).get(block["resource_id"])
            if zones is not None and takes_elsewhere(zones, days_of(zones, block), seen):
                raise OtherLocations("The therapist works at another location then.")

    def check_values(self, after: Values) -> None:
        """Refuse an unknown resource, an end before the start, and more time than can be claimed."""
        resource = Resources(self.caller).require(after["resource_id"], "/resource_id")
        starts_at, ends_at, repeats = after["starts_at"], after["ends_at"], after["repeats"]
        if not starts_at < ends_at <= starts_at + LONGEST:
            raise Invalid("/ends_at", f"Must lie after starts_at, by at most {LONGEST.days} days.")
        zones = zones_of(self.caller, [resource.id])[resource.id]
        if repeats is not None:
            first = starts_at.astimezone(zones.of_instant(starts_at)).date()
            if not first <= repeats["until"] <= first + LONGEST_REPEAT:
                message = "Must not lie before the block, nor more than two years after it."
                raise Invalid("/repeats/until", message)
            if not any(has_weekday(one, first, repeats["until"]) for one in repeats["weekdays"]):
                raise Invalid("/repeats/weekdays", "The block's dates contain none of these weekdays.")
        days = merge(span for _, span in occurrences(zones, starts_at, ends_at, repeats))
        if sum(len(_cuts(span)) for span in days) * _lanes(resource) > MOST_CLAIMS:
            pointer = "/ends_at" if repeats is None else "/repeats/until"
            raise Invalid(pointer, f"Must be earlier: days times places come to more than {MOST_CLAIMS:,}.")

    def follow(self, before: Values | None, after: Values | None) -> None:
        """Lay out the resource's claims by the blocks that it has now."""
        lay_out(self.caller, latest(before, after)["resource_id"])

    def show(self, found: list[Values]) -> None:
        """Show instants in the zone of the resource's location."""
        zones = zones_of(self.caller, {values["resource_id"] for values in found})
        for values in found:
            zone = zones[values["resource_id"]].of_instant(values["starts_at"])
            for name in ("starts_at", "ends_at"):
                values[name] = values[name].astimezone(zone)
            if values["repeats"] is not None:
                # Blocks that were stored before there was a choice repeat every week.
                repeats = {"every_weeks": 1} | values["repeats"]
                values["repeats"] = repeats | {"until": last_date(repeats)}
            values["skipped"] = skipped_days(values)


def _not_elsewhere(
    caller: Caller, selected: Select[Any], resource_id: InstrumentedAttribute[UUID]
) -> Select[Any]:
    """Leave out rooms and devices of locations that the key does not see; staff may work anywhere."""
    seen = caller.location_ids
    if seen is None:
        return selected
    rooms = select(Room.id).where(Room.location_id.not_in(seen))
    devices = select(Device.id).where(Device.location_id.not_in(seen))
    return selected.where(resource_id.not_in(rooms), resource_id.not_in(devices))


def lay_out(caller: Caller, resource_id: UUID) -> None:
    """Make the resource's claims the union of its blocks; InUse with the appointments in the way.

    Blocks may overlap, claims may not: so all blocks of a resource are laid out at once. Their claims lie
    behind the visits that a disruption has left where they are, and stay when those visits go.
    """
    lock_and_sweep(caller, resources=[resource_id])
    resource = Resources(caller).require(resource_id)
    spans = merge(_spans(caller, resource))
    covered = _visits_covered(caller, resource_id, spans)
    lift(caller, resource_id, {one.appointment_id for one in covered})
    behind = [(one.lane, one.start_tick, one.end_tick) for one in covered]
    wanted = set(_pieces(resource, spans, behind))
    mine = (Occupancy.clinic_id == caller.clinic_id, Occupancy.resource_id == resource_id)
    laid = select(Occupancy.id, Occupancy.lane, Occupancy.start_tick, Occupancy.end_tick)
    stored = caller.session.execute(laid.where(*mine, Occupancy.appointment_id.is_(None))).all()
    left = [(claim, start, end) for claim, lane, start, end in stored if (lane, start, end) not in wanted]
    gone = [claim for claim, _, _ in left]
    fresh = wanted - {(lane, start, end) for _, lane, start, end in stored}
    # Old claims are deleted first, because new claims may overlap them.
    caller.session.execute(_DROP, {"clinic_id": caller.clinic_id, "ids": gone})
    insert_rows(caller.session, (Occupancy, [_claim(caller, resource_id, piece) for piece in sorted(fresh)]))
    if left:
        span = min(start for _, start, _ in left), max(end for _, _, end in left)
        freed_resource(caller, resource_id, getattr(resource, "location_id", None), span)


def lay_out_again(caller: Caller, resource_ids: Sequence[UUID] | None = None) -> None:
    """Lay out the repeating blocks of resources (by default all) whose wall clock has changed.

    Their external calendars are read again soon, because dates and floating times go by that clock too.
    """
    repeating = (
        select(Block.resource_id)
        .distinct()
        .where(Block.clinic_id == caller.clinic_id, Block.repeats.is_not(None))
    )
    if resource_ids is not None:
        repeating = repeating.where(Block.resource_id.in_(resource_ids))
    for resource_id in sorted(caller.session.scalars(repeating)):
        lay_out(caller, resource_id)
    read_again_soon(caller, resource_ids)


def _spans(caller: Caller, resource: Resource) -> list[Span]:
    blocks = caller.session.scalars(
        select(Block).where(Block.clinic_id == caller.clinic_id, Block.resource_id == resource.id)
    )
    zones = zones_of(caller, [resource.id])[resource.id]
    return [span for block in blocks for _, span in days_of(zones, columns_of(block))]


def _pieces(resource: Resource, spans: Iterable[Span], covered: Sequence[Piece]) -> Iterator[Piece]:
    """Cut spans into claims of every lane, beside or behind its visits, none longer than a claim may be."""
    for lane in range(_lanes(resource)):
        taken = [(start, end) for on, start, end in covered if on == lane]
        for span in spans:
            behind = [
                (max(start, span[0]), min(end, span[1])) for start, end in taken if _meet((start, end), span)
            ]
            yield from ((lane + BEHIND, *piece) for piece in behind)
            for free in _beside(span, behind):
                yield from ((lane, cut, min(cut + LONGEST_OCCUPANCY, free[1])) for cut in _cuts(free))


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _beside(span: Span, taken: Sequence[Span]) -> Iterator[Span]:
    """Give the parts of a span that sorted pieces leave free."""
    first = span[0]
    for start, end in taken:
        if first < start:
            yield first, start
        first = end
    if first < span[1]:
        yield first, span[1]


def _cuts(span: Span) -> range:
    """Give the tick at which each piece of a span begins."""
    return range(*span, LONGEST_OCCUPANCY)


def _lanes(resource: Resource) -> int:
    return resource.capacity if isinstance(resource, Room) else 1


def _visits_covered(caller: Caller, resource_id: UUID, spans: Sequence[Span]) -> list[Any]:
    """Give the claims of visits that lie under the spans; InUse unless a block may lie behind each."""
    if not spans:
        return []
    found = visits_on(caller, resource_id, spans[0][0], spans[-1][1])
    # Spans are sorted and apart: only the last that begins before a claim's end can meet it.
    before = [bisect_left(spans, (one.end_tick,)) - 1 for one in found]
    covered = [
        one
        for one, place in zip(found, before, strict=True)
        if place >= 0 and one.start_tick < spans[place][1]
    ]
    in_the_way = {one.appointment_id for one in covered if not one.tolerated}
    if in_the_way:
        raise InUse("There are appointments in the way of the block.", sorted(in_the_way))
    return covered


def _claim(caller: Caller, resource_id: UUID, piece: Piece) -> Values:
    lane, start, end = piece
    return {
        "clinic_id": caller.clinic_id,
        "id": uuid7(),
        "resource_id": resource_id,
        "lane": lane,
        "start_tick": start,
        "end_tick": end,
        "appointment_id": None,
    }
