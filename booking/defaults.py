"""Gives a new clinic its hold rules, and the default catalogue of procedures and spacing rules."""

import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

from uuid_utils.compat import uuid7

from booking.callers import Caller
from booking.events import audit
from booking.locks import lock_resources
from models import HoldRule, Phase, Procedure, SpacingRule

_FILE: Final = Path(__file__).with_name("default_catalogue.toml")


def create_hold_rules(caller: Caller) -> None:
    """Add the rule of every code of a medical hold: no clinic is without, whatever its catalogue."""
    rules = default_hold_rules()
    caller.session.add_all(HoldRule(clinic_id=caller.clinic_id, active=True, **values) for values in rules)
    caller.session.flush()


def create_default_catalogue(caller: Caller) -> None:
    """Add every procedure and spacing rule of the default catalogue to the caller's clinic."""
    lock_resources(caller.session, [caller.clinic_id])
    procedures, rules = default_procedures(), default_spacing_rules()
    phases: list[Phase] = []
    for values in procedures:
        own = uuid7()
        columns = {name: value for name, value in values.items() if name != "phases"}
        caller.session.add(Procedure(clinic_id=caller.clinic_id, id=own, active=True, **columns))
        phases.extend(
            Phase(clinic_id=caller.clinic_id, procedure_id=own, position=position, **phase)
            for position, phase in enumerate(values["phases"])
        )
    caller.session.flush()
    caller.session.add_all(phases)
    caller.session.add_all(SpacingRule(clinic_id=caller.clinic_id, active=True, **values) for values in rules)
    caller.session.flush()
    counts = {"procedures": len(procedures), "spacing_rules": len(rules)}
    audit(caller, "catalogue.created", "clinic", caller.clinic_id, counts)


def default_procedures() -> list[dict[str, Any]]:
    """Give the procedures with every field that a request to create one may name."""
    return [_procedure(entry) for entry in _document()["procedures"]]


def default_spacing_rules() -> list[dict[str, Any]]:
    """Give the rules one by one: an entry that names `families` stands for a rule with each of them."""
    return [rule for entry in _document()["spacing_rules"] for rule in _rules(entry)]


def default_hold_rules() -> list[dict[str, Any]]:
    """Give the hold rules, H01 to H10 in order."""
    return [_hold_rule(entry) for entry in _document()["hold_rules"]]


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


def _matchers(side: dict[str, Any]) -> list[dict[str, Any]]:
    """Write a side out as stored: all four parts, so that it reads the same as one that a client made."""
    empty: dict[str, Any] = {"family": None, "procedure": None, "event": None, "areas": []}
    if "families" in side:
        return [{**empty, "family": family} for family in side["families"]]
    return [{**empty, **side}]
