"""Writes the floor of spacing rules as date ranges, so that the database can prove that it is kept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from scheduling.catalog import Catalog, Procedure
from scheduling.clinical import AREAS
from scheduling.questions import Question
from scheduling.rulebook import Matcher, SpacingRule
from scheduling.rules.spacing import EVERYWHERE, Treatment, asked, matched, specificity


# A floor says how many civil days lie at least between an earlier treatment, which `rule.after` matches, and
# a later treatment, which `rule.before` matches. PostgreSQL can prove that rows do not overlap, so each
# session becomes date ranges. In the role `after` a session on date d claims [d, d + floor), in the role
# `before` it claims [d, d + 1). The `after` claim of a session on a overlaps the `before` claim of a session
# on b exactly when a <= b < a + floor: when b comes too soon. If b comes first, the other two claims test
# that order. The ranges are half-open, so with a floor of 14 the days 0 to 13 collide and day 14 passes.
#
# `ex_spacing_claims_floor` refuses overlapping claims of a patient that have the same rule and area but
# differ in role and in owner. Claims of the same role may overlap, since they say nothing of each other. The
# owner is the appointment, whose own claims thus leave each other alone, or a more special rule (see `_owner`
# and docs/adr/0005). A rule for the whole patient claims the single area `*`, any other rule each area that
# it matches; a session of unknown areas claims all of them. The proof holds for every writer, at any location
# and in a race.
#
# A rule without a floor claims nothing. Minimum days, which may be overridden, and treatments elsewhere,
# which are no appointments, are left to the engine (`rules/spacing.py`) under the lock on the patient.
@dataclass(frozen=True, slots=True)
class SpacingClaim:
    """The local dates (half-open) that a session takes under a rule and area, as `after` or as `before`.

    Two sessions of a patient collide when the spans of an `after` and a `before` claim of the same rule
    and area overlap, unless both have the same owner. A claim without an owner belongs to its session
    alone.
    """

    rule_id: UUID
    area: str
    role: str
    span: tuple[date, date]
    owner: UUID | None = None


def spacing_claims(
    question: Question, on: date, rules: Sequence[SpacingRule], catalog: Catalog
) -> tuple[SpacingClaim, ...]:
    """Return the claims of a session on a date; they never refuse what the rules allow.

    A more special rule may allow less than a family's floor. When it speaks of the same procedure or
    course template on both sides, it owns the claims of those sessions under the general rule, so that
    they do not collide with each other. Any other more special rule shortens the `after` claim of this
    session.
    """
    treated = asked(question)
    floors = (rule for rule in rules if rule.floor_days)
    return tuple(claim for rule in floors for claim in _claims(rule, treated, on, rules, catalog))


def _claims(
    rule: SpacingRule, treated: Treatment, on: date, rules: Sequence[SpacingRule], catalog: Catalog
) -> Iterator[SpacingClaim]:
    lowering = _rules_with_lower_floors(rule, treated, rules, catalog)
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
    """Return the rule that owns the session's claims under a general rule; None when the session does.

    A template's rule owns the claims of its courses. A procedure's rule owns the claims of its procedure,
    unless a template's rule owns some of them: then claims of the two owners would collide where the
    procedure's rule allows the sessions.
    """
    own = [other for other in lowering if _is_own(other, treated)]
    of_template = [other for other in own if other.after.template is not None]
    contested = any(
        other.after.template is not None
        and other.floor_days < rule.floor_days
        and treated.procedure in {procedure.code for procedure in _named_procedures(other.after, catalog)}
        for other in rules
    )
    single = of_template or ([] if contested else own)
    return single[0] if len(single) == 1 else None


def _rules_with_lower_floors(
    rule: SpacingRule, treated: Treatment, rules: Iterable[SpacingRule], catalog: Catalog
) -> list[SpacingRule]:
    """Return the more special rules that may set a lower floor than this rule after this session."""
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
    """Return whether some treatment could match both matchers; only names are compared."""
    known = _named_procedures(specific, catalog)
    if known:
        return any(general.family in {None, p.family} and general.event in {None, p.counts_as} for p in known)
    named = ((general.family, specific.family), (general.event, specific.event))
    return all(None in pair or pair[0] == pair[1] for pair in named)


def _named_procedures(matcher: Matcher, catalog: Catalog) -> list[Procedure]:
    """Return the clinic's procedures that a matcher names by its procedure or its template."""
    templates = [one for one in catalog.course_templates.values() if one.code == matcher.template]
    ids = {procedure_id for one in templates for procedure_id in one.procedure_ids}
    return [p for p in catalog.procedures.values() if p.code == matcher.procedure or p.id in ids]


def _areas(rule: SpacingRule, matcher: Matcher, treated: Treatment) -> Sequence[str]:
    atoms = matched(matcher, treated)
    if atoms and rule.scope == "patient":
        return ("*",)
    return AREAS if atoms == EVERYWHERE else sorted(atoms)
