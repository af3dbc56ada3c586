"""Works out from which dates a patient's next session is allowed, recommended and overdue, and until when."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from scheduling.catalog import Catalog
from scheduling.questions import Question, Session
from scheduling.reasons import Refusal
from scheduling.rulebook import SpacingRule
from scheduling.rules.areas import area_refusals
from scheduling.rules.bans import Ban, first_free
from scheduling.rules.clinical import Record, clinical_record, refusals_on
from scheduling.rules.spacing import asked, extra_days, of_session, overlap, winning, with_extra

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Basis:
    """A rule's part in an eligibility: the date that it allows, and what that date counts from or up to."""

    rule_id: str
    on: date
    source_id: UUID | None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The local dates of a patient's next session, None for no such date.

    A session passes from `eligible_on` to `latest_on`; it is advised from `recommended_on` and late from
    `overdue_on`. `basis` says from when each rule allows it, `refusals` are the reasons that no date
    ends.
    """

    eligible_on: date | None
    recommended_on: date | None
    overdue_on: date | None
    latest_on: date | None
    basis: tuple[Basis, ...]
    refusals: tuple[Refusal, ...]


def eligibility(question: Question, catalog: Catalog, today: date) -> Eligibility:
    """Return when the question's patient may have its procedure, today or later.

    The first date comes after the last live session of the same family on an overlapping area.
    """
    record = clinical_record(question, catalog)
    after = _after_last(question, today)
    eligible_on = first_free(after, record.bans)
    recommended, overdue = _advised(question, catalog.spacing_rules, eligible_on or after)
    return Eligibility(
        eligible_on=eligible_on,
        recommended_on=max([*recommended, eligible_on]) if recommended and eligible_on else None,
        overdue_on=max(overdue, default=None),
        latest_on=_latest(record, eligible_on),
        basis=_basis(record, eligible_on or after, today),
        refusals=(*area_refusals(question), *_reasons_without_date(record, after, eligible_on)),
    )


def _after_last(question: Question, today: date) -> date:
    wanted = asked(question)
    found = [(session.on, of_session(session)) for session in _sessions(question)]
    same = [on for on, one in found if one.families & wanted.families and overlap(one.atoms, wanted.atoms)]
    return max([today, *(on + _ONE_DAY for on in same)])


def _sessions(question: Question) -> tuple[Session, ...]:
    return question.patient.sessions if question.patient else ()


def _advised(
    question: Question, rules: tuple[SpacingRule, ...], before: date
) -> tuple[list[date], list[date]]:
    """Return the recommended and the overdue dates that earlier sessions give."""
    wanted, extra = asked(question), extra_days(question)
    pairs = [
        (session.on, rule)
        for session in _sessions(question)
        if session.on < before
        for rule in winning(of_session(session), wanted, rules)
    ]
    recommended = [(on, rule, rule.recommended_days) for on, rule in pairs if rule.recommended_days]
    overdue = [(on, rule, rule.overdue_days) for on, rule in pairs if rule.overdue_days]
    return (
        [on + timedelta(with_extra(days, rule, extra)) for on, rule, days in recommended],
        [on + timedelta(with_extra(days, rule, extra)) for on, rule, days in overdue],
    )


def _latest(record: Record, eligible_on: date | None) -> date | None:
    """Return the last date before a ban begins again, None when no ban does."""
    if eligible_on is None:
        return None
    begins = [ban.first for ban in record.bans if ban.first > eligible_on]
    return min(begins) - _ONE_DAY if begins else None


def _basis(record: Record, by: date, today: date) -> tuple[Basis, ...]:
    """Return for each rule the latest date until which it forbids the visit, in order of those dates.

    A rule on an age that was reached, or on a prerequisite that is met, is left out.
    """
    latest: dict[str, Ban] = {}
    for ban in record.bans:
        known = latest.get(ban.rule_id)
        speaks = ban.until is not None and (ban.source_on is not None or ban.until > today)
        if ban.first <= by and speaks and (known is None or _end(known) < _end(ban)):
            latest[ban.rule_id] = ban
    ordered = sorted(latest.values(), key=lambda ban: (_end(ban), ban.rule_id))
    return tuple(Basis(ban.rule_id, _end(ban), ban.source_id) for ban in ordered)


def _end(ban: Ban) -> date:
    return ban.until or date.max


def _reasons_without_date(record: Record, after: date, eligible_on: date | None) -> tuple[Refusal, ...]:
    """Return why the visit has no date: the reasons without an end when the first of them begins."""
    if eligible_on is not None:
        return ()
    begins = min(ban.first for ban in record.bans if ban.until is None)
    found = refusals_on(record, max(after, begins))
    return tuple(refusal for refusal in found if refusal.earliest_on is None)
