"""Writes the floor of spacing rules as date spans, which a database can prove not to collide."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from scheduling.catalog import Catalog, Procedure
from scheduling.clinical import AREAS
from scheduling.questions import Question
from scheduling.rulebook import Matcher, SpacingRule
from scheduling.rules.spacing import EVERYWHERE, Treatment, asked, matched, specificity


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
    question: Question, on: date, rules: Sequence[SpacingRule], catalog: Catalog
) -> tuple[SpacingClaim, ...]:
    """Return a session's claims; they never refuse what the rules allow.

    A more special rule may allow less than a family's floor. Where it speaks of one procedure, or of
    one course template, on both sides it owns the claims of those sessions under the general rule, so
    that they do not collide with each other; any other one shortens the claim after this session.
    """
    treated = asked(question)
    floors = (rule for rule in rules if rule.floor_days)
    return tuple(claim for rule in floors for claim in _claims(rule, treated, on, rules, catalog))


def _claims(
    rule: SpacingRule, treated: Treatment, on: date, rules: Sequence[SpacingRule], catalog: Catalog
) -> Iterator[SpacingClaim]:
    lowering = _lowering(rule, treated, rules, catalog)
    owner = _owner(rule, treated, lowering, rules, catalog)
    floors = [other.floor_days for other in lowering if other is not owner]
    roles = (("after", rule.after, min([rule.floor_days, *floors])), ("before", rule.before, 1))
    for role, matcher, days in roles:
        if days:
            span = (on, on + timedelta(days=days))
            for area in _areas(rule, matcher, treated):
                yield SpacingClaim(rule.id, area, role, span, owner.id if owner else None)


def _owner(
    rule: SpacingRule,
    treated: Treatment,
    lowering: Iterable[SpacingRule],
    rules: Iterable[SpacingRule],
    catalog: Catalog,
) -> SpacingRule | None:
    """Return the one rule that speaks of such sessions alone; None when sessions of two would meet.

    A template's rule owns the claims of its courses; a procedure's rule owns those of the procedure,
    unless a template's owns some of them: then these two would collide where the procedure's allows.
    """
    own = [other for other in lowering if _is_own(other, treated)]
    of_template = [other for other in own if other.after.template is not None]
    contested = any(
        other.after.template is not None
        and other.floor_days < rule.floor_days
        and treated.procedure in {procedure.code for procedure in _known(other.after, catalog)}
        for other in rules
    )
    single = of_template or ([] if contested else own)
    return single[0] if len(single) == 1 else None


def _lowering(
    rule: SpacingRule, treated: Treatment, rules: Iterable[SpacingRule], catalog: Catalog
) -> list[SpacingRule]:
    """Return the more special rules that may set a lower floor than this one after this session."""
    return [
        other
        for other in rules
        if specificity(other) > specificity(rule)
        and other.floor_days < rule.floor_days
        and (matched(other.after, treated) or _is_own(other, treated))
        and _may_meet(other.before, rule.before, catalog)
    ]


def _is_own(rule: SpacingRule, treated: Treatment) -> bool:
    if rule.after.template is not None:
        return rule.after.template == rule.before.template == treated.template
    return rule.after.procedure == rule.before.procedure == treated.procedure


def _may_meet(specific: Matcher, general: Matcher, catalog: Catalog) -> bool:
    """Return whether some treatment could match both, going by names alone."""
    known = _known(specific, catalog)
    if known:
        return any(general.family in {None, p.family} and general.event in {None, p.counts_as} for p in known)
    named = ((general.family, specific.family), (general.event, specific.event))
    return all(None in pair or pair[0] == pair[1] for pair in named)


def _known(matcher: Matcher, catalog: Catalog) -> list[Procedure]:
    """Return the clinic's procedures that a matcher of a procedure or a template means."""
    templates = [one for one in catalog.course_templates.values() if one.code == matcher.template]
    ids = {procedure_id for one in templates for procedure_id in one.procedure_ids}
    return [p for p in catalog.procedures.values() if p.code == matcher.procedure or p.id in ids]


def _areas(rule: SpacingRule, matcher: Matcher, treated: Treatment) -> Sequence[str]:
    atoms = matched(matcher, treated)
    if atoms and rule.scope == "patient":
        return ("*",)
    return AREAS if atoms == EVERYWHERE else sorted(atoms)
