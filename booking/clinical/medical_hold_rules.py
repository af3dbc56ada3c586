"""Hold rules: what each code of a medical hold means in the clinic."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.crud import Kind, Values
from booking.core.errors import Invalid
from booking.flags.flags import OF_MEDICAL_HOLDS
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_held_by
from models import HoldRule

_WITH_AN_AGE: Final = "under_age"


def _check(caller: Caller, before: Values | None, after: Values) -> None:  # noqa: ARG001 - the hook's shape
    if after["minimum_age"] is not None and after["code"] != _WITH_AN_AGE:
        raise Invalid("/minimum_age", f"Only the rule of {_WITH_AN_AGE} has a minimum age.")


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    """Judge the visits to come of patients with such a hold again."""
    return affected_by(caller, visits_held_by(caller, (after or before or {})["code"]), OF_MEDICAL_HOLDS)


HOLD_RULE = Kind(name="hold_rule", model=HoldRule, check=_check, follow=_follow)


def releasing_levels(caller: Caller) -> dict[str, str]:
    """Give by code the level that releases a hold, also where the clinic has retired the rule."""
    rules = select(HoldRule.code, HoldRule.released_by).where(HoldRule.clinic_id == caller.clinic_id)
    return {rule.code: rule.released_by for rule in caller.session.execute(rules)}
