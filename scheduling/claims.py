"""Writes the floor of spacing rules as date spans, which a database can prove not to collide."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from scheduling.catalog import Catalog, Matcher, Procedure, SpacingRule
from scheduling.clinical import AREAS
from scheduling.spacing import EVERYWHERE, Treatment, matched, names_procedure, treatment


@dataclass(frozen=True, slots=True)
class SpacingClaim:
    """Local dates (half-open) that a session takes under a rule and area, as the earlier or the later one.

    Two sessions of a patient collide when the spans of an `after` and a `before` claim of one rule
    and area overlap, unless they have the same owner. No owner means a claim of the session alone.
    """

    rule_id: UUID
    area: str
    role: str
    span: tuple[date, date]
    owner: UUID | None = None


def spacing_claims(
    procedure: Procedure, areas: Sequence[str], on: date, rules: Sequence[SpacingRule], catalog: Catalog
) -> tuple[SpacingClaim, ...]:
    """Return a session's claims; they never refuse what the rules allow.

    A rule of a procedure may allow less than a family's floor. Where it speaks of one procedure on
    both sides it owns that procedure's claims under the family's rule, so that they do not collide
    with each other; any other one shortens the claim after this session.
    """
    treated = treatment(procedure.code, procedure.family, procedure.counts_as, areas or procedure.areas)
    floors = (rule for rule in rules if rule.floor_days)
    return tuple(claim for rule in floors for claim in _claims(rule, treated, on, rules, catalog))


def _claims(
    rule: SpacingRule, treated: Treatment, on: date, rules: Sequence[SpacingRule], catalog: Catalog
) -> Iterator[SpacingClaim]:
    lowering = [] if names_procedure(rule) else _lowering(rule, treated, rules, catalog)
    own = [other for other in lowering if _is_own(other, treated)]
    owner = own[0] if len(own) == 1 else None
    floors = [other.floor_days for other in lowering if other is not owner]
    roles = (("after", rule.after, min([rule.floor_days, *floors])), ("before", rule.before, 1))
    for role, matcher, days in roles:
        if days:
            span = (on, on + timedelta(days=days))
            for area in _areas(rule, matcher, treated):
                yield SpacingClaim(rule.id, area, role, span, owner.id if owner else None)


def _lowering(
    rule: SpacingRule, treated: Treatment, rules: Iterable[SpacingRule], catalog: Catalog
) -> list[SpacingRule]:
    """Return the rules of procedures that may set a lower floor than a family's after this session."""
    return [
        other
        for other in rules
        if names_procedure(other)
        and other.floor_days < rule.floor_days
        and (matched(other.after, treated) or _is_own(other, treated))
        and _may_meet(other.before, rule.before, catalog)
    ]


def _is_own(rule: SpacingRule, treated: Treatment) -> bool:
    return rule.after.procedure == rule.before.procedure == treated.procedure


def _may_meet(specific: Matcher, general: Matcher, catalog: Catalog) -> bool:
    """Return whether some treatment could match both, going by names alone."""
    known = [p for p in catalog.procedures.values() if p.code == specific.procedure]
    if known:
        return any(general.family in {None, p.family} and general.event in {None, p.counts_as} for p in known)
    named = ((general.family, specific.family), (general.event, specific.event))
    return all(None in pair or pair[0] == pair[1] for pair in named)


def _areas(rule: SpacingRule, matcher: Matcher, treated: Treatment) -> Sequence[str]:
    atoms = matched(matcher, treated)
    if atoms and rule.scope == "patient":
        return ("*",)
    return AREAS if atoms == EVERYWHERE else sorted(atoms)
