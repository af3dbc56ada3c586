"""Medical hold rules: what each code of a medical hold means in the clinic."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.crud import Collection, Values, latest
from booking.core.errors import Invalid
from booking.flags.flags import OF_MEDICAL_HOLDS
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_with_medical_hold
from models import HoldRule

_WITH_AN_AGE: Final = "under_age"


class MedicalHoldRules(Collection):
    """The clinic's rules, one of each code of a medical hold."""

    name = "hold_rule"
    model = HoldRule
    shared = True
    fixed = ("code", "rule_id", "against")

    def check_values(self, after: Values) -> None:
        """Refuse a minimum age in every rule but that of `under_age`."""
        if after["minimum_age"] is not None and after["code"] != _WITH_AN_AGE:
            raise Invalid("/minimum_age", f"Only the rule of {_WITH_AN_AGE} has a minimum age.")

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID]:
        """Judge the visits to come of patients with such a medical hold again."""
        held = visits_with_medical_hold(self.caller, latest(before, after)["code"])
        return affected_by(self.caller, held, OF_MEDICAL_HOLDS)


def releasing_levels(caller: Caller) -> dict[str, str]:
    """Give by code the level that releases a medical hold, by retired rules too."""
    rules = select(HoldRule.code, HoldRule.released_by).where(HoldRule.clinic_id == caller.clinic_id)
    return {rule.code: rule.released_by for rule in caller.session.execute(rules)}
