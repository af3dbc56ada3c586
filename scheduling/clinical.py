"""Holds the clinical vocabulary of the default catalogue: areas, depths, events, medical holds, levels."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

# Table b2, area groups.
AREAS: Final[Sequence[str]] = (
    "FACE", "PERIORBITAL", "NECK", "DECOLLETE", "SCALP", "ABDOMEN",
    "THIGHS", "BUTTOCKS", "BREAST", "ARMS", "BACK", "HANDS",
)  # fmt: skip
# Table b2, square centimetres of each area: numbers of our own.
SURFACES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "FACE": 400, "PERIORBITAL": 30, "NECK": 150, "DECOLLETE": 250, "SCALP": 400, "ABDOMEN": 500,
        "THIGHS": 600, "BUTTOCKS": 500, "BREAST": 400, "ARMS": 400, "BACK": 600, "HANDS": 200,
    }
)  # fmt: skip
_FACE_AND_NECK: Final = frozenset({"FACE", "PERIORBITAL", "NECK"})
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

# The levels that may override a refusal; each level includes those before it.
LADDER: Final[Sequence[str]] = ("desk", "therapist", "clinician", "dermatologist")

# The events that wash-out rules count: the two needlings, then rules X01 to X19 in order.
EVENTS: Final[Sequence[str]] = (
    "micro_needling", "rf_micro_needling",
    "botulinum_toxin", "dermal_filler", "superficial_peel", "medium_peel", "deep_peel",
    "ipl", "fractional_laser", "waxing", "laser_hair_removal", "microdermabrasion",
    "sun_exposure", "topical_retinoid", "acids", "isotretinoin", "facelift",
    "other_surgery", "radiotherapy", "home_roller", "important_event",
)  # fmt: skip
# A talk elsewhere or before go-live: prerequisites know it, spacing rules and procedures do not.
CONSULTATION: Final = "consultation"
# What patients may have had elsewhere.
TREATMENT_EVENTS: Final[Sequence[str]] = (*EVENTS, CONSULTATION)
# The default catalogue's family of consultations, which a consultation elsewhere counts as.
CONSULTATION_FAMILY: Final = "CONSULT"
# The codes of medical holds, rules H01 to H10 in order.
HOLDS: Final[Sequence[str]] = (
    "infection", "pregnancy", "breastfeeding", "keloid_tendency", "anticoagulant", "under_age",
    "prolonged_redness", "hyperpigmentation", "serious_adverse_effect", "anaesthetic_reaction",
)  # fmt: skip
# The medical holds that a treatment itself can cause, H07 to H10.
ADVERSE_EFFECTS: Final[Sequence[str]] = HOLDS[6:]

# A needling elsewhere counts like a session of these families here; its areas tell of which of them.
FAMILIES_OF_EVENT: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {"micro_needling": ("MN", "MN_SCALP", "MN_BODY"), "rf_micro_needling": ("RF_MN",)}
)
# From this skin phototype on, a location may ask for more days between sessions (rule S11).
DARK_SKIN_TYPE: Final = 4


def atoms(areas: Sequence[str]) -> frozenset[str]:
    """Return the smallest areas that area codes cover; PERIORBITAL lies inside FACE."""
    return frozenset(atom for area in areas for atom in _ATOMS.get(area, (area,)))


def area_groups(areas: Sequence[str]) -> frozenset[str]:
    """Return the area groups that areas belong to; the face and the neck form a single group."""
    return frozenset("FACE_NECK" if area in _FACE_AND_NECK else area for area in areas)


def surface_cm2(areas: Sequence[str]) -> int:
    """Return the total surface of areas in square centimetres; PERIORBITAL lies inside FACE."""
    counted = set(areas) - ({"PERIORBITAL"} if "FACE" in areas else set())
    return sum(SURFACES.get(area, 0) for area in counted)


def includes(held: str, needed: str) -> bool:
    """Return whether a qualification code that is held satisfies the need for another code."""
    return held == needed or needed in _INCLUDED.get(held, ())


def default_depth_limit(code: str, area: str | None) -> float | None:
    """Return table b4's limit in mm of a qualification on an area, None for no limit.

    Neck, decollete and areas of the clinic's own take the face's limit, the smallest; so does an unknown
    area (None).
    """
    limits = _DEPTH_LIMITS.get(code)
    if limits is None:
        return None
    if area == "SCALP":
        return limits["scalp"]
    return limits["body" if area in BODY_AREAS else "face"]


def rank(level: str | None) -> int:
    """Return a level's place on the ladder; None (no level may override) stands above all."""
    return len(LADDER) if level is None else LADDER.index(level)
