"""The rules on how much of the body a visit may treat (table b2)."""

from collections.abc import Iterator

from scheduling.clinical import area_groups, surface_cm2
from scheduling.questions import Question
from scheduling.reasons import Refusal, refuse

_LEVEL = "clinician"


def area_refusals(question: Question) -> Iterator[Refusal]:
    """Yield the reasons against the areas of a visit, which hold on every date.

    A single group of areas is never too large: the limit of the anaesthetic is for several groups. A
    consultation may look at any number of areas.
    """
    policy, treated = question.location.policy, question.treated
    if len(area_groups(treated)) <= 1 or not question.procedure.has("procedure"):
        return
    if policy.one_area_per_visit:
        yield refuse("one_area_per_visit", rule_id="S12", overridable_by=_LEVEL)
    if question.procedure.has("numbing") and surface_cm2(treated) > policy.anaesthetic_area_cm2:
        yield refuse("anaesthetic_area", rule_id="S12", overridable_by=_LEVEL)
