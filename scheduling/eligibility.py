"""Says from which dates a patient may, should and ought to have had the next session."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from scheduling.catalog import Catalog
from scheduling.questions import Question, Session
from scheduling.spacing import Ban, Treatment, asked, bans, first_free, of_session, overlap, winning


@dataclass(frozen=True, slots=True)
class Basis:
    """A rule's part in an eligibility: the date it allows, and the session it counts from or up to."""

    rule_id: str
    on: date
    source_appointment_id: UUID | None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The local dates from which a visit passes, is recommended, and is overdue; None for no such date."""

    eligible_on: date | None
    recommended_on: date | None
    overdue_on: date | None
    basis: tuple[Basis, ...]


def eligibility(question: Question, catalog: Catalog, today: date) -> Eligibility:
    """Return when the question's patient may have its procedure, today or later.

    The first date comes after the last live session of the same family on an overlapping area.
    """
    wanted, rules = asked(question), catalog.spacing_rules
    sessions = question.patient.sessions if question.patient else ()
    found = bans(wanted, sessions, rules)
    eligible_on = first_free(_after_last(wanted, sessions, today), found)
    earlier = [session for session in sessions if session.on < eligible_on]
    pairs = [(s.on, rule) for s in earlier for rule in winning(of_session(s), wanted, rules)]
    recommended = [on + timedelta(rule.recommended_days) for on, rule in pairs if rule.recommended_days]
    overdue = [on + timedelta(rule.overdue_days) for on, rule in pairs if rule.overdue_days]
    return Eligibility(
        eligible_on=eligible_on,
        recommended_on=max([*recommended, eligible_on]) if recommended else None,
        overdue_on=max(overdue, default=None),
        basis=_basis(found, eligible_on),
    )


def _after_last(wanted: Treatment, sessions: tuple[Session, ...], today: date) -> date:
    same = (session for session in sessions if session.family == wanted.family)
    last = [session.on for session in same if overlap(of_session(session).atoms, wanted.atoms)]
    return max([today, *(on + timedelta(days=1) for on in last)])


def _basis(found: list[Ban], eligible_on: date) -> tuple[Basis, ...]:
    """Return for each rule the latest date up to which it speaks, in order of those dates."""
    latest: dict[str, Ban] = {}
    for ban in found:
        known = latest.get(ban.rule.code)
        if ban.first <= eligible_on and (known is None or known.until < ban.until):
            latest[ban.rule.code] = ban
    ordered = sorted(latest.values(), key=lambda ban: (ban.until, ban.rule.code))
    return tuple(Basis(ban.rule.code, ban.until, ban.session.appointment_id) for ban in ordered)
