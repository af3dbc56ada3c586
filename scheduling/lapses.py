"""Says after how many days without a session a course has lapsed (table b6)."""

from typing import Final

from scheduling.questions import Question
from scheduling.rulebook import SpacingRule
from scheduling.rules.spacing import asked, extra_days, winning, with_extra

DEFAULT_OVERDUE_DAYS: Final = 84
"""The days where no rule advises any: the longest of table b5."""


def overdue_days(question: Question, rules: tuple[SpacingRule, ...]) -> int:
    """Return the days after which the next session of the question's kind is overdue.

    They are the rule's own, else twice its recommended days, else 84.
    """
    visit, extra = asked(question), extra_days(question)
    deciding = winning(visit, visit, rules)
    overdue = [with_extra(rule.overdue_days, rule, extra) for rule in deciding if rule.overdue_days]
    advised = [with_extra(rule.recommended_days, rule, extra) for rule in deciding if rule.recommended_days]
    return max(overdue, default=None) or 2 * max(advised, default=0) or DEFAULT_OVERDUE_DAYS
