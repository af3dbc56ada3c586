"""Holds the clinical vocabulary of the default catalogue: areas, depths, events, holds, levels."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

# Table b2, area groups.
AREAS: Final[Sequence[str]] = (
    "FACE", "PERIORBITAL", "NECK", "DECOLLETE", "SCALP", "ABDOMEN",
    "THIGHS", "BUTTOCKS", "BREAST", "ARMS", "BACK", "HANDS",
)  # fmt: skip
BODY_AREAS: Final = frozenset({"ABDOMEN", "THIGHS", "BUTTOCKS", "BREAST", "ARMS", "BACK", "HANDS"})
_ATOMS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({"FACE": frozenset({"FACE", "PERIORBITAL"})})

# Rule b1.1b: MN_DEEP includes MN_DERMAL, which includes MN_SUP.
_INCLUDED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"MN_DEEP": frozenset({"MN_DERMAL", "MN_SUP"}), "MN_DERMAL": frozenset({"MN_SUP"})}
)

# Table b4, default depth limits in millimetres by region.
_DEPTH_LIMITS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "MN_SUP": MappingProxyType({"face": 0.5, "body": 1.0, "scalp": 0.5}),
        "MN_DERMAL": MappingProxyType({"face": 1.5, "body": 2.0, "scalp": 1.5}),
        "MN_DEEP": MappingProxyType({"face": 3.0, "body": 3.0, "scalp": 2.5}),
    }
)

# Who may override, each level including those before it.
LADDER: Final[Sequence[str]] = ("desk", "therapist", "clinician", "dermatologist")

# What counts for wash-outs: the two needlings, then rules X01 to X19 in order.
EVENTS: Final[Sequence[str]] = (
    "micro_needling", "rf_micro_needling",
    "botulinum_toxin", "dermal_filler", "superficial_peel", "medium_peel", "deep_peel",
    "ipl", "fractional_laser", "waxing", "laser_hair_removal", "microdermabrasion",
    "sun_exposure", "topical_retinoid", "acids", "isotretinoin", "facelift",
    "other_surgery", "radiotherapy", "home_roller", "important_event",
)  # fmt: skip

# The codes of medical holds, rules H01 to H10 in order.
HOLDS: Final[Sequence[str]] = (
    "infection", "pregnancy", "breastfeeding", "keloid_tendency", "anticoagulant",
    "under_age", "prolonged_redness", "hyperpigmentation", "serious_adverse_effect", "anaesthetic_reaction",
)  # fmt: skip


def atoms(areas: Sequence[str]) -> frozenset[str]:
    """Return the smallest areas that area codes cover; PERIORBITAL lies inside FACE."""
    return frozenset(atom for area in areas for atom in _ATOMS.get(area, (area,)))


def includes(held: str, needed: str) -> bool:
    """Return whether holding one qualification code satisfies the need for another."""
    return held == needed or needed in _INCLUDED.get(held, ())


def default_depth_limit(code: str, area: str | None) -> float | None:
    """Return table b4's limit in mm of a qualification on an area, None for no limit.

    Neck, decollete and codes of the clinic's own take the face's limit, the smallest; so does an
    unknown area (None).
    """
    limits = _DEPTH_LIMITS.get(code)
    if limits is None:
        return None
    if area == "SCALP":
        return limits["scalp"]
    return limits["body" if area in BODY_AREAS else "face"]


def rank(level: str | None) -> int:
    """Return a level's place on the ladder; None (nobody) stands above all."""
    return len(LADDER) if level is None else LADDER.index(level)
