"""Spacing rules, and how the proof of their floors follows a rule that is lowered."""

from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

from sqlalchemy import text

from booking.callers import Caller
from booking.errors import Invalid
from booking.resources import Kind, Values
from models import SpacingRule

_DROP = text("DELETE FROM spacing_claims WHERE clinic_id = :clinic_id AND rule_id = :rule_id")
_SHRINK = text("""
    UPDATE spacing_claims SET span = daterange(lower(span), lower(span) + :floor_days)
    WHERE clinic_id = :clinic_id AND rule_id = :rule_id AND role = 'after'
      AND upper(span) > lower(span) + :floor_days
""")


def _check(caller: Caller, before: Values | None, after: Values) -> None:  # noqa: ARG001 - the hook's shape
    """Refuse numbers that do not rise from the floor to overdue."""
    names = ("floor_days", "min_days", "recommended_days", "overdue_days")
    given = [name for name in names if after[name] is not None]
    for lower, higher in pairwise(given):
        if after[lower] > after[higher]:
            raise Invalid(f"/{higher}", f"Must not be less than {lower}.")


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    """Let booked visits claim no more days than the rule now asks; the claims of a deleted rule are gone.

    A higher floor changes no claim: what is booked keeps the floor that it was booked under.
    """
    if before is None or after is None:
        return ()
    whose = {"clinic_id": caller.clinic_id, "rule_id": after["id"]}
    if not after["active"] or after["floor_days"] == 0:
        caller.session.execute(_DROP, whose)
    elif after["floor_days"] < before["floor_days"]:
        caller.session.execute(_SHRINK, whose | {"floor_days": after["floor_days"]})
    return ()


SPACING_RULE = Kind(name="spacing_rule", model=SpacingRule, check=_check, follow=_follow)
