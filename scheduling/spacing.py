"""Finds the dates that spacing and wash-out rules forbid a treatment, in local civil days."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter

from scheduling.catalog import Matcher, SpacingRule
from scheduling.clinical import atoms, rank
from scheduling.questions import Question, Session

EVERYWHERE = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Treatment:
    """What spacing rules look at in a visit; unknown areas are everywhere."""

    procedure: str
    family: str
    event: str | None
    atoms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ban:
    """Dates from `first` to `until` (half-open) on which a rule forbids a visit because of a session."""

    code: str
    rule: SpacingRule
    session: Session
    first: date
    until: date

    def covers(self, on: date) -> bool:
        """Return whether a date is forbidden."""
        return self.first <= on < self.until


def asked(question: Question) -> Treatment:
    """Return the treatment that a question asks for."""
    procedure = question.procedure
    return treatment(procedure.code, procedure.family, procedure.counts_as, question.treated)


def of_session(session: Session) -> Treatment:
    """Return the treatment of a session."""
    return treatment(session.procedure, session.family, session.event, session.areas)


def treatment(procedure: str, family: str, event: str | None, areas: Sequence[str]) -> Treatment:
    """Return a treatment of some areas (codes), none for everywhere."""
    return Treatment(procedure, family, event, atoms(areas) or EVERYWHERE)


def overlap(first: frozenset[str], second: frozenset[str]) -> bool:
    """Return whether two sets of atoms share one."""
    return bool(first & second) or (bool(first) and bool(second) and "*" in first | second)


def matched(matcher: Matcher, treated: Treatment) -> frozenset[str]:
    """Return the atoms in which a treatment matches; none when it does not."""
    named = (
        (matcher.procedure, treated.procedure),
        (matcher.family, treated.family),
        (matcher.event, treated.event),
    )
    if any(wanted is not None and wanted != actual for wanted, actual in named):
        return frozenset()
    restriction = atoms(matcher.areas)
    if not restriction:
        return treated.atoms
    return restriction if treated.atoms == EVERYWHERE else treated.atoms & restriction


def names_procedure(rule: SpacingRule) -> bool:
    """Return whether a rule speaks of a single procedure, which beats rules of families and events."""
    return rule.after.procedure is not None or rule.before.procedure is not None


def winning(earlier: Treatment, later: Treatment, rules: Iterable[SpacingRule]) -> list[SpacingRule]:
    """Return the rules that decide between two treatments: all of the most specific level."""
    fitting = [rule for rule in rules if _applies(rule, earlier, later)]
    specific = [rule for rule in fitting if names_procedure(rule)]
    return specific or fitting


def _applies(rule: SpacingRule, earlier: Treatment, later: Treatment) -> bool:
    before = matched(rule.after, earlier)
    after = matched(rule.before, later) if before else frozenset()
    return bool(after) and (rule.scope == "patient" or overlap(before, after))


def bans(wanted: Treatment, sessions: Iterable[Session], rules: Sequence[SpacingRule]) -> list[Ban]:
    """Return every ban on a treatment from the patient's sessions, as the later and as the earlier one.

    On a session's own date both orders are tried.
    """
    leading = [rule for rule in rules if matched(rule.after, wanted)]
    following = [rule for rule in rules if matched(rule.before, wanted)]
    found: list[Ban] = []
    for session in sessions:
        other, day = of_session(session), timedelta(days=1)
        for kind, rule, days in _strictest(winning(other, wanted, following)):
            found.append(Ban(code_of(rule, kind), rule, session, session.on, session.on + days * day))
        for kind, rule, days in _strictest(winning(wanted, other, leading)):
            first = session.on - days * day + day
            found.append(Ban(code_of(rule, kind), rule, session, first, session.on + day))
    return found


def _strictest(rules: Sequence[SpacingRule]) -> Iterator[tuple[str, SpacingRule, int]]:
    """Yield the rule with the largest floor and the one with the largest minimum, unless they are 0."""
    if not rules:
        return
    floor = max(rules, key=attrgetter("floor_days"))
    if floor.floor_days:
        yield "floor", floor, floor.floor_days
    least = max(rules, key=lambda rule: (rule.min_days, rank(rule.override_by)))
    if least.min_days:
        yield "min", least, least.min_days


def code_of(rule: SpacingRule, kind: str) -> str:
    """Return the refusal code of a rule's floor or minimum; rules that name an event are wash-outs."""
    is_washout = rule.after.event is not None or rule.before.event is not None
    return f"{'washout' if is_washout else 'spacing'}_{kind}"


def first_free(on: date, found: Iterable[Ban]) -> date:
    """Return the first date from `on` on that no ban covers."""
    for ban in sorted(found, key=attrgetter("first")):
        if ban.covers(on):
            on = ban.until
    return on
