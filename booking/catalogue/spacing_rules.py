"""Spacing rules, and the claims by which the database proves their floors."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, text

from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where, latest
from booking.core.errors import Invalid
from booking.flags.flags import OF_SPACING
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_spaced_by
from models import SpacingRule

_DAYS: Final = ("floor_days", "min_days", "recommended_days", "overdue_days")
_JUDGED_BY: Final = ("floor_days", "min_days", "active")
_DROP = text("DELETE FROM spacing_claims WHERE clinic_id = :clinic_id AND rule_id = :rule_id")
_SHRINK = text("""
    UPDATE spacing_claims SET span = daterange(lower(span), lower(span) + :floor_days)
    WHERE clinic_id = :clinic_id AND rule_id = :rule_id AND role = 'after'
      AND upper(span) > lower(span) + :floor_days
""")
# A procedure's own rule beats its family's: the claims of the family's higher floor for booked visits of
# that procedure must not refuse in the database what the rules now allow.
_YIELD = text("""
    DELETE FROM spacing_claims c
    USING appointments a, procedures p, spacing_rules r
    WHERE c.clinic_id = :clinic_id
      AND a.clinic_id = c.clinic_id AND a.id = c.appointment_id
      AND p.clinic_id = c.clinic_id AND p.id = a.procedure_id AND p.code = ANY(:codes)
      AND r.clinic_id = c.clinic_id AND r.id = c.rule_id AND r.floor_days > :floor_days
      AND r.after ->> 'procedure' IS NULL AND r.before ->> 'procedure' IS NULL
""")

# A template's own spacing beats all other rules in the same way, for the visits of its courses.
_YIELD_TO_TEMPLATE: Final = text("""
    DELETE FROM spacing_claims c
    USING appointments a, courses k, spacing_rules r
    WHERE c.clinic_id = :clinic_id
      AND a.clinic_id = c.clinic_id AND a.id = c.appointment_id
      AND k.clinic_id = a.clinic_id AND k.id = a.course_id AND k.template_id = :template_id
      AND r.clinic_id = c.clinic_id AND r.id = c.rule_id AND r.floor_days > :floor_days
      AND r.template_id IS NULL
""")


class SpacingRules(Collection):
    """The clinic's spacing rules, without those of course templates."""

    name = "spacing_rule"
    model = SpacingRule
    shared = True
    fixed = ("after", "before", "scope")

    def select(self, where: Where = ALL) -> Select[Any]:
        """Leave out the templates' own spacing: it is changed with its template, and nowhere else."""
        return super().select(where).where(SpacingRule.template_id.is_(None))

    def check_values(self, after: Values) -> None:
        """Refuse days that do not rise."""
        refuse_falling(after)

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID]:
        """Let the proofs of booked visits follow the rule, and judge the visits to come again."""
        if before is not None and after is not None:
            if all(before[name] == after[name] for name in _JUDGED_BY):
                return ()
            shrink_claims(self.caller, before, after)
        if after is not None and after["active"]:
            _yield_to(self.caller, after)
        return affected_by(self.caller, visits_spaced_by(self.caller, latest(before, after)), OF_SPACING)


def refuse_falling(spacing: Values, below: str = "") -> None:
    """Refuse days that do not rise from the floor to overdue; `below` is the pointer to their object."""
    given = [name for name in _DAYS if spacing[name] is not None]
    for lower, higher in pairwise(given):
        if spacing[lower] > spacing[higher]:
            raise Invalid(f"{below}/{higher}", f"Must not be less than {lower}.")


def shrink_claims(caller: Caller, before: Values, after: Values) -> None:
    """Let booked visits claim no more days than the rule now asks for.

    A deleted rule's claims go with it. A higher floor changes no claim: a visit keeps its old floor.
    """
    whose = {"clinic_id": caller.clinic_id, "rule_id": after["id"]}
    if not after["active"] or after["floor_days"] == 0:
        caller.session.execute(_DROP, whose)
    elif after["floor_days"] < before["floor_days"]:
        caller.session.execute(_SHRINK, whose | {"floor_days": after["floor_days"]})


def _yield_to(caller: Caller, rule: Values) -> None:
    """Drop the claims of family rules that a procedure's own, lower rule overrules."""
    codes = [side["procedure"] for side in (rule["after"], rule["before"]) if side.get("procedure")]
    if codes:
        values = {"clinic_id": caller.clinic_id, "codes": codes, "floor_days": rule["floor_days"]}
        caller.session.execute(_YIELD, values)


def yield_to_template(caller: Caller, template_id: UUID, floor_days: int) -> None:
    """Drop the claims of other rules that a template's own, lower floor overrules in its courses."""
    values = {"clinic_id": caller.clinic_id, "template_id": template_id, "floor_days": floor_days}
    caller.session.execute(_YIELD_TO_TEMPLATE, values)
