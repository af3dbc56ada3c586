"""Writes docs/rules.md from the catalogue's file and the code's defaults: `make docs`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from booking.catalogue.defaults import catalogue_entries
from scheduling.catalog import Policy
from scheduling.clinical import SURFACES

PAGE: Final = Path(__file__).with_name("rules.md")
_INTRODUCTION: Final = """# The rule book

Written by `make docs` from `booking/catalogue/default_catalogue.toml` and the defaults in the code; the tests
compare it with them. Every number is a default which a clinic changes over the API (`/spacing-rules`,
`/hold-rules`, `/course-templates`, the `policy` of `/locations`, the `prerequisites` of `/procedures`); the
audit log keeps each change with what was there before. `source` names the evidence: a table of the clinical
reference, or a paper, label or page of its list; "ours" is a choice without a source. The product schedules;
it gives no medical advice.

Search, dry run, booking, moving, several visits at once and the nightly check ask the same rules. A gap is
counted in civil dates at the treating location, and exactly the minimum is allowed. Below a minimum the
level in the last column but one may override with a reason; below a floor nobody may.
"""
_SPACING: Final = """## Between two sessions

Of the rules that match two sessions on overlapping areas, a course template's own beats a procedure's,
which beats a family's; within one level the strictest decides. Performed and booked sessions count,
cancelled ones and no-shows do not. `micro_needling` and `rf_micro_needling` recorded as done elsewhere
count like sessions of `MN` (on the scalp `MN_SCALP`, on the body `MN_BODY`) and `RF_MN`. S11: the policy's
`skin_type_extra_days` are added to minimum and recommendation for patients of skin phototype IV to VI. S12:
other areas need no days between, but one visit treats one group of areas. S13: from the policy's
`many_sessions_a_year` on, a session on an area within 365 days carries the warning `many_sessions`.
"""
_WASH_OUTS: Final = """## From and to other treatments

The other treatment was recorded for the patient (`/patients/{id}/treatments`), or is one of the clinic's
own procedures that `counts_as` it. A row without a minimum only warns.
"""
_PREREQUISITES: Final = """## What must come first

H11: a visit of the named family must be booked or done before the treatment; nobody may override that. It
lasts `valid_days` up to the first treatment (the policy's `consultation_valid_days` where the procedure
names none); every session renews it for `consultation_renewal_months`, one that is only booked as long as it
has a visit of the family behind it itself. H12: `min_hours_before` (the policy's `cooling_off_hours`) must
pass between its end and the first treatment; a clinician may override that. Both can be booked in one call,
`POST /appointments/together`.
"""
_HOLDS: Final = """## Medical holds

Opened for a patient (`/patients/{id}/medical-holds`), for some areas or all; a consultation or a review is
never held. H06 also holds whoever is younger than its age by their birth date; an unknown birth date holds
nobody. A hold ends some days after `resolved_on`, not before `earliest_on`, or when it is signed off by the
level that releases it.
"""
_TEMPLATES: Final = """## Course templates
"""
_AREAS: Final = """## Areas and numbing

One visit treats one group of areas: FACE, PERIORBITAL and NECK are one, every other area is its own. A
location that allows several (`one_area_per_visit: false`) numbs no more than `anaesthetic_area_cm2` of them
together. The needling must begin at most `numbing_gap_minutes` after the cream came off; how long it works
is each numbing phase's own.
"""
_POLICY: Final = """## A location's policy
"""


def rules_page() -> str:
    """Return the page as it should be."""
    rules = catalogue_entries("spacing_rules")
    parts = (
        _INTRODUCTION,
        _SPACING,
        _table(_RULE_HEAD, (_rule(one) for one in rules if one["code"].startswith("S"))),
        _WASH_OUTS,
        _table(_RULE_HEAD, (_rule(one) for one in rules if one["code"].startswith("X"))),
        _PREREQUISITES,
        _table(("procedure", "must come first"), _prerequisites()),
        _HOLDS,
        _table(_HOLD_HEAD, map(_hold, catalogue_entries("hold_rules"))),
        _TEMPLATES,
        _table(_TEMPLATE_HEAD, map(_template, catalogue_entries("course_templates"))),
        _AREAS,
        _table(("area", "cm2 (ours)"), ((f"`{area}`", size) for area, size in SURFACES.items())),
        _POLICY,
        _table(("number", "default"), ((f"`{one.name}`", _word(one.default)) for one in fields(Policy))),
    )
    return "\n".join(parts)


_RULE_HEAD = ("rule", "after", "before", "floor", "minimum", "recommended", "overdue", "override", "source")
_HOLD_HEAD = ("rule", "hold", "effect", "against", "days after", "age", "released by", "source")
_TEMPLATE_HEAD = ("template", "procedures", "sessions", "own spacing", "review", "maintenance", "source")


def _rule(entry: dict[str, Any]) -> Iterator[object]:
    yield entry["code"]
    yield _side(entry["after"])
    yield _side(entry["before"])
    yield entry["floor_days"] or ""
    yield entry["min_days"] or ""
    yield from (entry.get(name, "") for name in ("recommended_days", "overdue_days"))
    yield entry["override_by"] if entry["min_days"] else ""
    yield entry["source"]


def _side(side: dict[str, Any]) -> str:
    names = side.get("families") or [value for name, value in side.items() if name != "areas"]
    return ", ".join(f"`{name}`" for name in names)


def _prerequisites() -> Iterator[tuple[str, str]]:
    for entry in catalogue_entries("procedures"):
        wanted = ", ".join(f"`{one['family']}`" for one in entry.get("prerequisites", ()))
        if wanted:
            yield f"`{entry['code']}`", wanted


def _hold(entry: dict[str, Any]) -> Iterator[object]:
    yield entry["rule_id"]
    yield f"`{entry['code']}`"
    yield entry["effect"]
    yield entry.get("against", "treatment")
    yield entry["days_after_resolved"] or ""
    yield entry.get("minimum_age", "")
    yield entry["released_by"]
    yield entry["source"]


def _template(entry: dict[str, Any]) -> Iterator[object]:
    yield f"`{entry['code']}`"
    yield ", ".join(f"`{code}`" for code in entry["procedures"])
    yield f"{entry['sessions']} ({entry['min_sessions']} to {entry['max_sessions']})"
    yield _own_spacing(entry)
    yield entry.get("review_days", "")
    opens, closes = entry.get("maintenance_opens_months"), entry.get("maintenance_closes_months")
    yield f"{opens} to {closes} months" if opens else ""
    yield entry["source"]


def _own_spacing(entry: dict[str, Any]) -> str:
    spacing = entry.get("spacing")
    if spacing is None:
        return ""
    days = [f"{spacing[name]}" for name in ("floor_days", "min_days", "recommended_days") if name in spacing]
    return f"{spacing.get('code', entry['code'])}: {' / '.join(days)}"


def _word(value: object) -> str:
    return f"`{str(value).lower()}`"


def _table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(rules_page(), encoding="utf-8")
