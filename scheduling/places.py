"""Works out which rooms and devices a visit can use, and when they are free together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from scheduling.bits import erode, erode_all
from scheduling.catalog import Device, Room
from scheduling.matching import Clashes, clashes, possible
from scheduling.scene import Scene
from scheduling.visits import DeviceNeed, Path, Run, Visit

Lane = tuple[UUID, int]
Pins = tuple[UUID | None, ...]
"""For each run of a path the only room it may use, or None for any."""


@dataclass(frozen=True, slots=True)
class Places:
    """The rooms and devices that a visit may use and the arrivals at which each is free.

    `lanes` are the free arrivals by (kind, start, end) of a run, then by lane; `devices` by the position
    of the need, then by device. `fixed` has the room of each device that is fixed to a room.
    """

    visit: Visit
    paths: tuple[Path, ...]
    lanes: Mapping[tuple[str, int, int], Mapping[Lane, int]]
    devices: tuple[Mapping[UUID, int], ...]
    fixed: Mapping[UUID, UUID]
    _known: dict[tuple[Path, Pins], int] = field(default_factory=dict)

    def options(self, run: Run, pin: UUID | None) -> Mapping[Lane, int]:
        """Return the free arrivals of each lane that a run may use."""
        lanes = self.lanes[run.kind, run.start, run.end]
        return lanes if pin is None else {lane: bits for lane, bits in lanes.items() if lane[0] == pin}

    def path_bits(self, path: Path, pins: Pins) -> int:
        """Return the arrivals at which every run of a path has a lane, with some runs pinned to a room."""
        if (path, pins) not in self._known:
            options = [self.options(run, pin) for run, pin in zip(path, pins, strict=True)]
            self._known[path, pins] = possible(options, path_clashes(path))
        return self._known[path, pins]

    def room_bits(self) -> int:
        """Return the arrivals at which the runs of any path have lanes, without regard to devices."""
        bits = 0
        for path in self.paths:
            bits |= self.path_bits(path, (None,) * len(path))
        return bits

    def device_bits(self) -> int:
        """Return the arrivals at which every need has a device, without regard to rooms."""
        return possible(self.devices, self.device_clashes())

    def device_clashes(self) -> Clashes:
        """Return which device needs overlap."""
        return clashes([need.spans for need in self.visit.devices])

    def joint_bits(self) -> int:
        """Return the arrivals at which rooms and devices are free together, fixed devices in their rooms."""
        if not self.fixed:
            return self.room_bits() & self.device_bits()
        bits = 0
        for chosen, free in self.device_choices():
            for path in self.paths:
                pins = self.pins(path, chosen)
                bits |= 0 if pins is None else free & self.path_bits(path, pins)
        return bits

    def device_choices(self) -> Iterator[tuple[tuple[UUID, ...], int]]:
        """Yield every choice of a device for each need, with the arrivals at which all of them are free."""
        yield from self._choices((), -1)

    def _choices(self, chosen: tuple[UUID, ...], free: int) -> Iterator[tuple[tuple[UUID, ...], int]]:
        place = len(chosen)
        if place == len(self.devices):
            yield chosen, free
            return
        barred = {chosen[other] for other in self.device_clashes()[place]}
        for device_id, bits in self.devices[place].items():
            if device_id not in barred and free & bits:
                yield from self._choices((*chosen, device_id), free & bits)

    def pins(self, path: Path, chosen: tuple[UUID, ...]) -> Pins | None:
        """Return the rooms to which fixed devices pin a path's runs; None when a run would need two rooms."""
        pins: list[UUID | None] = [None] * len(path)
        for need, device_id in zip(self.visit.devices, chosen, strict=True):
            room_id = self.fixed.get(device_id)
            for place, run in enumerate(path):
                if room_id is None or not set(need.phases) & set(run.phases):
                    continue
                if pins[place] not in {None, room_id}:
                    return None
                pins[place] = room_id
        return tuple(pins)


def path_clashes(path: Path) -> Clashes:
    """Return which runs of a path need different lanes: overlapping runs of the same kind."""
    overlapping = clashes([((run.start, run.end),) for run in path])
    return tuple(
        tuple(other for other in others if path[other].kind == run.kind)
        for run, others in zip(path, overlapping, strict=True)
    )


def places(scene: Scene) -> Places:
    """Return the rooms and devices that a scene's visit could use."""
    visit, named = scene.visit, _named_room(scene)
    paths = visit.paths
    if scene.question.room_id is not None:
        paths = tuple(path for path in paths if named and any(run.kind == named.kind for run in path))
    runs = {(run.kind, run.start, run.end) for path in paths for run in path}
    devices = _devices(scene) if visit.devices else []
    return Places(
        visit=visit,
        paths=paths,
        lanes={(kind, start, end): _lanes(scene, named, kind, start, end) for kind, start, end in runs},
        devices=tuple(_suitable(scene, devices, need) for need in visit.devices),
        fixed={device.id: device.room_id for device in devices if device.room_id is not None},
    )


def _named_room(scene: Scene) -> Room | None:
    room_id, location_id = scene.question.room_id, scene.question.location.id
    room = None if room_id is None else scene.catalog.rooms.get(room_id)
    return room if room and room.active and room.location_id == location_id else None


def _lanes(scene: Scene, named: Room | None, kind: str, start: int, end: int) -> dict[Lane, int]:
    rooms = [named] if named and named.kind == kind else _rooms(scene, kind)
    return {
        (room.id, lane): scene.window.full & erode(scene.free(room.id, lane), start, end)
        for room in rooms
        for lane in range(room.capacity)
    }


def _rooms(scene: Scene, kind: str) -> list[Room]:
    location_id = scene.question.location.id
    here = (room for room in scene.catalog.rooms.values() if room.active and room.location_id == location_id)
    return sorted((room for room in here if room.kind == kind), key=lambda room: room.id)


def _devices(scene: Scene) -> list[Device]:
    location_id = scene.question.location.id
    here = (one for one in scene.catalog.devices.values() if one.active and one.location_id == location_id)
    return sorted(here, key=lambda device: device.id)


def _suitable(scene: Scene, devices: Iterable[Device], need: DeviceNeed) -> dict[UUID, int]:
    """Return the free arrivals of each device of the kinds that a need names."""
    return {
        device.id: scene.window.full & erode_all(scene.free(device.id), need.spans)
        for device in devices
        if device.kind in need.kinds
    }


def room_freedom(options: Mapping[Lane, int]) -> dict[UUID, int]:
    """Return for each room the arrivals at which any of its lanes is free."""
    rooms: dict[UUID, int] = {}
    for (room_id, _), bits in options.items():
        rooms[room_id] = rooms.get(room_id, 0) | bits
    return rooms
