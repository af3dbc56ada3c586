"""The rules on staff, rooms and devices: each must be free alone, and all of them together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from uuid import UUID

from scheduling.case import Case, Mask
from scheduling.matching import union
from scheduling.places import Places, room_freedom
from scheduling.reasons import Refusal, refuse
from scheduling.staff import Pool, Staff
from scheduling.visits import Run


def staff_fits(case: Case) -> Iterator[Mask]:
    """Require a qualified lead and qualified assistants, who work and are free in their phases."""
    team, named = case.staff, case.scene.question.therapist_id
    parts = [_pool_mask(pool) for pool in team.assistants]
    if team.leads is not None and named is not None:
        parts += [
            Mask(code, bits, _refusal_of(code, named)) for code, bits in team.leads[named].allowed.items()
        ]
    elif team.leads is not None:
        parts.append(_pool_mask(team.leads))
    yield from parts
    if team.assistants:
        together = team.helped(None) if team.leads is None else union(case.leading)
        yield _joint_mask(case, "no_therapist_available", parts, together, lambda _: _all_taken(team))


def _joint_mask(
    case: Case,
    code: str,
    parts: Iterable[Mask],
    together: int,
    because: Callable[[int], tuple[Refusal, ...]],
) -> Mask:
    """Return the mask that refuses only where every part alone is possible, but not all of them at once."""
    single = case.scene.window.full
    for part in parts:
        single &= single if part.code in case.scene.waived else part.allowed
    return Mask(code, together | ~single, lambda at: (refuse(code, because=because(at)),))


def _refusal_of(code: str, resource_id: UUID) -> Callable[[int], tuple[Refusal, ...]]:
    return lambda _: (refuse(code, resource_id=resource_id),)


def _pool_mask(pool: Pool) -> Mask:
    def explain(at: int) -> tuple[Refusal, ...]:
        because = tuple(reason for person in pool.values() for reason in person.refusals(at))
        return (refuse("no_therapist_available", because=because),)

    return Mask("no_therapist_available", union({p.id: p.usable for p in pool.values()}), explain)


def _all_taken(team: Staff) -> tuple[Refusal, ...]:
    """Return every possible assistant as busy: the visit itself needs each of them in another part."""
    people = dict.fromkeys(person_id for pool in team.assistants for person_id in pool)
    return tuple(refuse("therapist_busy", resource_id=person_id) for person_id in people)


def places_fit(case: Case) -> Iterator[Mask]:
    """Require a free room of a suitable kind for each stay and a free device for each need."""
    spots, named = case.places, case.scene.question.room_id
    parts = [Mask("no_room_available", spots.room_bits(), lambda at: _no_room(spots, named, at))]
    parts += [_device_mask(devices) for devices in spots.devices]
    yield from parts
    if spots.devices:
        together = spots.joint_bits()
        yield _joint_mask(case, "no_device_available", parts, together, lambda at: _devices_apart(spots, at))


def _device_mask(devices: Mapping[UUID, int]) -> Mask:
    def explain(at: int) -> tuple[Refusal, ...]:
        return (refuse("no_device_available", because=_busy("device_busy", devices, at)),)

    return Mask("no_device_available", union(devices), explain)


def _busy(code: str, free: Mapping[UUID, int], at: int) -> tuple[Refusal, ...]:
    return tuple(refuse(code, resource_id=key) for key, bits in free.items() if not bits >> at & 1)


def _no_room(spots: Places, named: UUID | None, at: int) -> tuple[Refusal, ...]:
    if not spots.paths:
        return (refuse("no_room_available", resource_id=named),)
    stays = [(run, room_freedom(spots.options(run, None))) for path in spots.paths for run in path]
    blocked = [rooms for _, rooms in stays if not union(rooms) >> at & 1]
    if not blocked:
        return (refuse("no_room_available", because=_taken_twice(stays)),)
    if named is not None and any(named in rooms for rooms in blocked):
        others = [rooms for rooms in blocked if named not in rooms]
        return (refuse("room_busy", resource_id=named), *(_no_room_of(rooms, at) for rooms in others))
    return tuple(_no_room_of(rooms, at) for rooms in blocked)


def _no_room_of(rooms: Mapping[UUID, int], at: int) -> Refusal:
    return refuse("no_room_available", because=_busy("room_busy", rooms, at))


def _taken_twice(stays: Iterable[tuple[Run, Mapping[UUID, int]]]) -> tuple[Refusal, ...]:
    """Return every room as busy: the visit itself needs the free rooms twice at once."""
    rooms = dict.fromkeys(room_id for _, freedom in stays for room_id in freedom)
    return tuple(refuse("room_busy", resource_id=room_id) for room_id in rooms)


def _devices_apart(spots: Places, at: int) -> tuple[Refusal, ...]:
    """Return the reason against each device: it is busy, or the room that it is fixed to is busy."""
    free = {key: bits for devices in spots.devices for key, bits in devices.items() if bits >> at & 1}
    busy = [reason for devices in spots.devices for reason in _busy("device_busy", devices, at)]
    tied = dict.fromkeys(spots.fixed[key] for key in free if key in spots.fixed)
    return (*busy, *(refuse("room_busy", resource_id=room_id) for room_id in tied))
