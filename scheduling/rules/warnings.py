"""The warnings about an allowed visit: below the recommended days, advice, maintenance, many sessions."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from scheduling.catalog import Catalog
from scheduling.clinical import FAMILIES_OF_EVENT
from scheduling.months import add_months
from scheduling.questions import Question, Session
from scheduling.reasons import Notice, warn
from scheduling.rulebook import CourseTemplate, SpacingRule
from scheduling.rules.medical_holds import medical_hold_bans
from scheduling.rules.spacing import (
    Treatment,
    asked,
    extra_days,
    least_days,
    of_session,
    overlap,
    winning,
    with_extra,
)

_A_YEAR: Final = timedelta(days=365)


def warnings(question: Question, catalog: Catalog, on: date) -> tuple[Notice, ...]:
    """Return every warning about a visit on a local date, each rule once."""
    if question.patient is None:
        return ()
    found = (
        *_below_recommended(question, catalog.spacing_rules, on),
        *_advice(question, catalog, on),
        *_maintenance(question, on),
        *_many_sessions(question, on),
    )
    return tuple(dict.fromkeys(found))


def _below_recommended(question: Question, rules: tuple[SpacingRule, ...], on: date) -> Iterator[Notice]:
    """Yield a warning for each rule whose minimum has passed but whose recommended days have not."""
    wanted, best = asked(question), dict[str, date | None]()
    for session in question.patient.sessions if question.patient else ():
        other, gap = of_session(session), abs((on - session.on).days)
        # On a session's own date both orders are tried, as for what is refused.
        after = _short_of(winning(other, wanted, rules), question, gap) if session.on <= on else ()
        ahead = _short_of(winning(wanted, other, rules), question, gap) if session.on >= on else ()
        for rule, days in after:
            better = session.on + timedelta(days=days)
            best[rule.code] = max(best.get(rule.code) or better, better)
        for rule, _ in ahead:
            best.setdefault(rule.code, None)
    for code, earliest_on in best.items():
        yield warn("below_recommended_spacing", rule_id=code, earliest_on=earliest_on)


def _short_of(deciding: list[SpacingRule], question: Question, gap: int) -> Iterator[tuple[SpacingRule, int]]:
    """Yield the rules whose recommended days exceed a gap (days) that keeps every minimum."""
    extra = extra_days(question)
    if gap < max((least_days(rule, extra) for rule in deciding), default=0):
        return
    for rule in deciding:
        days = with_extra(rule.recommended_days or 0, rule, extra)
        if gap < days:
            yield rule, days


def _advice(question: Question, catalog: Catalog, on: date) -> Iterator[Notice]:
    for ban in medical_hold_bans(question, catalog.hold_rules, blocking=False):
        if ban.covers(on):
            yield warn("advisory_hold", rule_id=ban.rule_id, earliest_on=ban.until)


def _maintenance(question: Question, on: date) -> Iterator[Notice]:
    """Yield the warnings of table b7 about a visit after a completed course of the same procedure."""
    for template, last in _completed(question).items():
        opens, closes = template.maintenance_opens_months, template.maintenance_closes_months
        if question.procedure.id not in template.procedure_ids or opens is None or closes is None:
            continue
        if on < add_months(last, opens):
            yield warn("maintenance_early", earliest_on=add_months(last, opens))
        elif on > add_months(last, closes):
            yield warn("maintenance_overdue")


def _completed(question: Question) -> dict[CourseTemplate, date]:
    """Return the templates of the patient's completed courses with the last performed session of each."""
    anchors: dict[CourseTemplate, date] = {}
    for session in question.patient.sessions if question.patient else ():
        course = session.course
        if course is not None and course.completed and course.template is not None and session.performed:
            anchors[course.template] = max(session.on, anchors.get(course.template, session.on))
    return anchors


def _many_sessions(question: Question, on: date) -> Iterator[Notice]:
    """Yield rule S13 for a visit that makes the sessions on an area within 365 days too many."""
    wanted, most = asked(question), question.location.policy.many_sessions_a_year
    if not question.treated or not question.procedure.has("procedure") or not _is_needling(wanted.event):
        return
    sessions = question.patient.sessions if question.patient else ()
    within = [one for one in sessions if on - _A_YEAR < one.on <= on and _needled(one, wanted)]
    if len(within) + 1 >= most:
        yield warn("many_sessions", rule_id="S13")


def _needled(session: Session, wanted: Treatment) -> bool:
    """Return whether a session was a needling, here or elsewhere, of an area that the visit treats again."""
    known = bool(session.areas) or session.appointment_id is None
    return _is_needling(session.event) and known and overlap(of_session(session).atoms, wanted.atoms)


def _is_needling(event: str | None) -> bool:
    return event is None or event in FAMILIES_OF_EVENT
