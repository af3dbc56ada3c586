"""The rule on days between treatments, and the warning below the recommended number."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from scheduling.case import Case, Mask
from scheduling.catalog import SpacingRule
from scheduling.questions import Question
from scheduling.reasons import Notice, Refusal, refuse, warn
from scheduling.spacing import Ban, asked, bans, first_free, of_session, winning


def spacing_keeps(case: Case) -> Iterator[Mask]:
    """Keep the rules' floor and minimum of civil days from both neighbours in time."""
    scene = case.scene
    question = scene.question
    if question.patient is None:
        return
    found = bans(asked(question), question.patient.sessions, scene.catalog.spacing_rules)
    for code in ("spacing_floor", "spacing_min", "washout_floor", "washout_min"):
        own = [ban for ban in found if ban.code == code]
        if own:
            yield _mask(case, code, own, found)


def _mask(case: Case, code: str, own: Sequence[Ban], found: Sequence[Ban]) -> Mask:
    forbidden = 0
    for ban in own:
        forbidden |= case.scene.days.between(ban.first, ban.until)

    def explain(at: int) -> tuple[Refusal, ...]:
        on = case.scene.date_at(at)
        rules = {ban.rule.code: ban.rule for ban in own if ban.covers(on)}
        return tuple(_refusal(code, rule, first_free(on, found)) for rule in rules.values())

    return Mask(code, case.scene.window.full & ~forbidden, explain)


def _refusal(code: str, rule: SpacingRule, earliest_on: date) -> Refusal:
    level = None if code.endswith("floor") else rule.override_by
    return refuse(code, rule_id=rule.code, earliest_on=earliest_on, overridable_by=level)


def spacing_warnings(question: Question, rules: Sequence[SpacingRule], on: date) -> Iterator[Notice]:
    """Yield a warning for each rule whose recommended, but not its minimum, days have not passed."""
    wanted = asked(question)
    recommended: dict[str, date] = {}
    for session in question.patient.sessions if question.patient else ():
        deciding = winning(of_session(session), wanted, rules)
        gap, least = (on - session.on).days, max((rule.min_days for rule in deciding), default=0)
        for rule in deciding:
            if gap >= 0 and least <= gap < (rule.recommended_days or 0):
                best = session.on + timedelta(days=rule.recommended_days or 0)
                recommended[rule.code] = max(best, recommended.get(rule.code, best))
    for code, earliest_on in recommended.items():
        yield warn("below_recommended_spacing", rule_id=code, earliest_on=earliest_on)
