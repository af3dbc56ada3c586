"""Puts a scene together with its staff and places, so that the rules can judge it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from scheduling.places import Places, places
from scheduling.reasons import Refusal
from scheduling.scene import Scene
from scheduling.staff import Staff, staff


@dataclass(frozen=True, slots=True)
class Mask:
    """A rule's answer: the arrivals that it allows, as bits, and a function that explains a refusal."""

    code: str
    allowed: int
    explain: Callable[[int], tuple[Refusal, ...]]

    def allows(self, position: int) -> bool:
        """Return whether the arrival at a position passes."""
        return bool(self.allowed >> position & 1)


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules judge: a scene with its staff and places.

    `leading` are by therapist the arrivals at which the therapist and enough assistants are free.
    """

    scene: Scene
    staff: Staff
    places: Places
    leading: Mapping[UUID, int]


def open_case(scene: Scene) -> Case:
    """Return the case of a scene."""
    team = staff(scene)
    return Case(scene, team, places(scene), team.by_therapist())
