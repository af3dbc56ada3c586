"""Holds the time in which staff are on the way between locations, as busy time of their ways."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from uuid import UUID, uuid5

from scheduling.bits import Window, union_bits
from scheduling.catalog import Catalog, Location
from scheduling.questions import Claim
from scheduling.ticks import minutes_to_ticks

Taken = tuple[UUID, int, int]
"""Time that a visit takes of a person: (location, start tick, end tick), half-open."""


# Between visits at two locations the same person needs time to get from one to the other. So a visit makes
# its staff busy for the other locations, and for these alone, before it begins and after it ends, for as long
# as the way takes. This is busy time of something that is in one place at a time, as a room is: the person's
# way to that location. It stands among the busy time under an id of its own, so it passes through windows,
# bits and waivers as all busy time does. The visit's own time is not part of it: then the person is busy.
@lru_cache(maxsize=4096)
def way_to(person_id: UUID, location_id: UUID) -> UUID:
    """Return the id under which busy time has a person's way to and from a location."""
    return uuid5(person_id, str(location_id))


def beside(start: int, end: int, minutes: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the ticks before and after a visit in which a person is on the way, half-open."""
    ticks = minutes_to_ticks(minutes)
    return (start - ticks, start), (end, end + ticks)


def ways_of(claims: Iterable[Claim], location_id: UUID, catalog: Catalog) -> Iterator[Claim]:
    """Yield the time that a visit at a location takes of its staff's ways to the other locations."""
    travel = catalog.locations[location_id].travel_minutes
    for resource_id, _, start, end in claims:
        if resource_id in catalog.therapists:
            for other_id, minutes in travel.items():
                for first, last in beside(start, end, minutes):
                    yield way_to(resource_id, other_id), 0, first, last


def way_bits(taken: Sequence[Taken], here: Location, window: Window) -> int:
    """Return the bits in which a person is on the way to or from `here`, by their visits elsewhere."""
    return union_bits(
        (
            span
            for location_id, start, end in taken
            for span in beside(start, end, here.travel_minutes.get(location_id, 0))
        ),
        window,
    )


def longest_way(catalog: Catalog) -> int:
    """Return the ticks of the longest way between two locations of a clinic; 0 when none takes time."""
    ways = (minutes for place in catalog.locations.values() for minutes in place.travel_minutes.values())
    return minutes_to_ticks(max(ways, default=0))
