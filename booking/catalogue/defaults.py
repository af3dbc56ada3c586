"""The defaults of a new clinic: medical hold rules, procedures, spacing rules and course templates."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from booking.catalogue.template_spacing import write_spacing
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.events import audit
from booking.core.locks import lock_catalogue_for_change
from models import CourseTemplate, HoldRule, Phase, Procedure, SpacingRule

_FILE: Final = Path(__file__).with_name("default_catalogue.toml")


def create_hold_rules(caller: Caller, ids: Mapping[str, UUID]) -> None:
    """Add the rule of every code of a medical hold, which every clinic has; `ids` by codes."""
    rows = [_row(caller, values, ids) for values in default_hold_rules()]
    insert_rows(caller.session, (HoldRule, rows))


def create_default_catalogue(caller: Caller, known: Mapping[str, UUID]) -> None:
    """Add everything of the default catalogue to the caller's clinic; `known` are ids by codes."""
    lock_catalogue_for_change(caller)
    procedures, rules = default_procedures(), default_spacing_rules()
    rows = [_row(caller, _without(values, "phases"), known) for values in procedures]
    ids: dict[str, UUID] = {row["code"]: row["id"] for row in rows}
    phases = [
        {"clinic_id": caller.clinic_id, "procedure_id": ids[values["code"]], "position": position, **phase}
        for values in procedures
        for position, phase in enumerate(values["phases"])
    ]
    spacing = [_row(caller, values, {}) for values in rules]
    insert_rows(caller.session, (Procedure, rows), (Phase, phases), (SpacingRule, spacing))
    templates = default_course_templates(ids)
    _create_templates(caller, templates, known)
    made = {"procedures": procedures, "spacing_rules": rules, "course_templates": templates}
    counts = {name: len(values) for name, values in made.items()}
    audit(caller, "catalogue.created", "clinic", caller.clinic_id, counts)


def _row(caller: Caller, values: dict[str, Any], ids: Mapping[str, UUID]) -> dict[str, Any]:
    id_ = ids.get(values["code"]) or uuid7()
    return {"clinic_id": caller.clinic_id, "id": id_, "active": True, **values}


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _create_templates(caller: Caller, templates: list[dict[str, Any]], known: Mapping[str, UUID]) -> None:
    for values in templates:
        template = CourseTemplate(**_row(caller, _without(values, "spacing"), known))
        caller.session.add(template)
        caller.session.flush()
        write_spacing(caller, template, values["spacing"])


def default_procedures() -> list[dict[str, Any]]:
    """Give the procedures with every field that a request to create one may name."""
    return [_procedure(entry) for entry in catalogue_entries("procedures")]


def default_spacing_rules() -> list[dict[str, Any]]:
    """Give the rules one by one: an entry that names `families` becomes a rule for each family."""
    return [rule for entry in catalogue_entries("spacing_rules") for rule in _rules(entry)]


def default_hold_rules() -> list[dict[str, Any]]:
    """Give the medical hold rules, H01 to H10 in order."""
    return [_hold_rule(entry) for entry in catalogue_entries("hold_rules")]


def default_course_templates(ids: Mapping[str, UUID]) -> list[dict[str, Any]]:
    """Give the course templates as a request would; `ids` are those of the procedures by code."""
    return [_template(entry, ids) for entry in catalogue_entries("course_templates")]


def catalogue_entries(kind: str) -> list[dict[str, Any]]:
    """Give the entries of one kind as they are written in the catalogue's file, with their sources."""
    entries: list[dict[str, Any]] = _document()[kind]
    return entries


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _procedure(entry: dict[str, Any]) -> dict[str, Any]:
    prerequisites = [
        {"min_hours_before": None, "valid_days": None, **one} for one in entry.get("prerequisites", ())
    ]
    return {
        "code": entry["code"],
        "name": entry["name"],
        "family": entry["family"],
        "areas": entry.get("areas", []),
        "choose_areas": entry.get("choose_areas", False),
        "depth_mm": entry.get("depth_mm"),
        "qualifications": entry.get("qualifications", []),
        "qualifications_any": entry.get("qualifications_any", []),
        "counts_as": entry.get("counts_as"),
        "prerequisites": prerequisites,
        "online": entry.get("online", False),
        "description": entry.get("description"),
        "price": None,
        "phases": [_phase(phase) for phase in entry["phases"]],
    }


def _phase(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "min_minutes": None,
        "max_minutes": None,
        "therapist": False,
        "assistant": None,
        "room_kinds": [],
        "device_kinds": [],
        "patient": True,
        "at_minute": None,
        **entry,
    }


def _rules(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for after, before in product(_matchers(entry["after"]), _matchers(entry["before"])):
        yield {
            "code": entry["code"],
            "after": after,
            "before": before,
            "scope": entry.get("scope", "area"),
            "floor_days": entry["floor_days"],
            "min_days": entry["min_days"],
            "recommended_days": entry.get("recommended_days"),
            "overdue_days": entry.get("overdue_days"),
            "override_by": entry["override_by"],
        }


def _hold_rule(entry: dict[str, Any]) -> dict[str, Any]:
    values = {"against": "treatment", "minimum_age": None, **entry}
    values.pop("source")
    return values


def _template(entry: dict[str, Any], ids: Mapping[str, UUID]) -> dict[str, Any]:
    spacing = entry.get("spacing")
    optional = {"code": entry["code"], "recommended_days": None, "overdue_days": None}
    return {
        "code": entry["code"],
        "name": entry["name"],
        "procedure_ids": [ids[code] for code in entry["procedures"]],
        "sessions": entry["sessions"],
        "min_sessions": entry["min_sessions"],
        "max_sessions": entry["max_sessions"],
        "spacing": None if spacing is None else optional | spacing,
        "review_days": entry.get("review_days"),
        "maintenance_opens_months": entry.get("maintenance_opens_months"),
        "maintenance_closes_months": entry.get("maintenance_closes_months"),
    }


def _matchers(side: dict[str, Any]) -> list[dict[str, Any]]:
    """Write out all four parts of a rule's side, as in a rule that a client has made."""
    empty: dict[str, Any] = {"family": None, "procedure": None, "event": None, "areas": []}
    if "families" in side:
        return [{**empty, "family": family} for family in side["families"]]
    return [{**empty, **side}]
