"""Finds the dates that spacing and wash-out rules forbid a treatment, in local civil days."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from operator import attrgetter

from scheduling.clinical import DARK_SKIN_TYPE, atoms, rank
from scheduling.questions import CourseOf, Question, Session
from scheduling.rulebook import Matcher, SpacingRule
from scheduling.rules.bans import Ban

EVERYWHERE = frozenset({"*"})
_NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Treatment:
    """The parts of a visit that spacing rules look at; unknown areas count as everywhere."""

    procedure: str
    families: frozenset[str]
    event: str | None
    atoms: frozenset[str]
    template: str | None = None


def asked(question: Question) -> Treatment:
    """Return the treatment that a question asks for."""
    procedure = question.procedure
    own = treatment(procedure.code, procedure.family, procedure.counts_as, question.treated)
    return replace(own, template=_template(question.course))


def of_session(session: Session) -> Treatment:
    """Return the treatment of a session."""
    own = treatment(session.procedure, session.family, session.event, session.areas)
    families = own.families.union(session.counts_like)
    return replace(own, families=families, template=_template(session.course))


def treatment(procedure: str, family: str, event: str | None, areas: Sequence[str]) -> Treatment:
    """Return a treatment of areas (codes); no areas means everywhere."""
    return Treatment(procedure, frozenset({family}), event, atoms(areas) or EVERYWHERE)


def _template(course: CourseOf | None) -> str | None:
    return course.template.code if course is not None and course.template is not None else None


def overlap(first: frozenset[str], second: frozenset[str]) -> bool:
    """Return whether two sets of atoms share an atom; `*` stands for all of them."""
    return bool(first & second) or (bool(first) and bool(second) and "*" in first | second)


def matched(matcher: Matcher, treated: Treatment) -> frozenset[str]:
    """Return the atoms in which a treatment matches; empty when it does not match."""
    if not names(matcher, treated):
        return _NOWHERE
    if not matcher.areas:
        return treated.atoms
    restriction = atoms(matcher.areas)
    return restriction if treated.atoms == EVERYWHERE else treated.atoms & restriction


def names(matcher: Matcher, treated: Treatment) -> bool:
    """Return whether a matcher names a treatment, on any area; written out for speed: every rule asks."""
    return (
        (matcher.family is None or matcher.family in treated.families)
        and (matcher.event is None or matcher.event == treated.event)
        and (matcher.procedure is None or matcher.procedure == treated.procedure)
        and (matcher.template is None or matcher.template == treated.template)
    )


def specificity(rule: SpacingRule) -> int:
    """Return how special a rule is: a template's rule (2) beats a procedure's (1), which beats others (0)."""
    sides = (rule.after, rule.before)
    if any(side.template is not None for side in sides):
        return 2
    return int(any(side.procedure is not None for side in sides))


def winning(earlier: Treatment, later: Treatment, rules: Iterable[SpacingRule]) -> list[SpacingRule]:
    """Return the rules that decide between two treatments: all of the most specific level."""
    fitting = [rule for rule in rules if _applies(rule, earlier, later)]
    most = max(map(specificity, fitting), default=0)
    return [rule for rule in fitting if specificity(rule) == most]


def _applies(rule: SpacingRule, earlier: Treatment, later: Treatment) -> bool:
    before = matched(rule.after, earlier)
    after = matched(rule.before, later) if before else frozenset()
    return bool(after) and (rule.scope == "patient" or overlap(before, after))


def spacing_bans(question: Question, rules: Sequence[SpacingRule]) -> list[Ban]:
    """Return every ban on a visit from the patient's sessions, whether they come before or after it.

    On a session's own date both orders are tried. A visit that moves keeps only the floor from later
    visits, and a visit that stands keeps no distance from them: the later visit is flagged instead.
    """
    between = _DecidingRules(asked(question), rules, extra_days(question))
    found: list[Ban] = []
    for session in question.patient.sessions if question.patient else ():
        after, before = between.numbers(of_session(session))
        found += [_ban(kind, rule, session, 0, days) for kind, rule, days in after]
        if _is_to_come(session) and question.is_booked:
            continue
        floor = max((days for kind, _, days in before if kind == "floor"), default=1)
        lenient = _is_to_come(session) and question.moves
        found += [
            _ban(kind, rule, session, 1 - (floor if lenient else days), 1) for kind, rule, days in before
        ]
    return found


Numbers = Sequence[tuple[str, SpacingRule, int]]
"""The largest floor and the largest minimum, each with its rule and days."""


class _DecidingRules:
    """Finds the rules that decide between a treatment and others; equal treatments are looked up once."""

    def __init__(self, wanted: Treatment, rules: Sequence[SpacingRule], extra: int) -> None:
        self.wanted, self.extra = wanted, extra
        self.leading = [rule for rule in rules if matched(rule.after, wanted)]
        self.following = [rule for rule in rules if matched(rule.before, wanted)]
        self.known: dict[Treatment, tuple[Numbers, Numbers]] = {}

    def numbers(self, other: Treatment) -> tuple[Numbers, Numbers]:
        """Return the deciding days with the other treatment as the earlier, and as the later treatment."""
        if other not in self.known:
            earlier = winning(other, self.wanted, self.following)
            later = winning(self.wanted, other, self.leading)
            self.known[other] = tuple(_strictest(earlier, self.extra)), tuple(_strictest(later, self.extra))
        return self.known[other]


def _is_to_come(session: Session) -> bool:
    return session.appointment_id is not None and not session.performed


def _ban(kind: str, rule: SpacingRule, session: Session, first: int, until: int) -> Ban:
    """Return the ban from and until these numbers of days after a session."""
    day = timedelta(days=1)
    return Ban(
        code=code_of(rule, kind),
        rule_id=rule.code,
        first=session.on + first * day,
        until=session.on + until * day,
        level=None if kind == "floor" else rule.override_by,
        source_id=session.source_id,
        source_on=session.on,
    )


def extra_days(question: Question) -> int:
    """Return the days that a location adds for skin of phototype IV to VI (rule S11)."""
    skin_type = question.patient.skin_type if question.patient else None
    return question.location.policy.skin_type_extra_days if (skin_type or 0) >= DARK_SKIN_TYPE else 0


def _strictest(rules: Sequence[SpacingRule], extra: int) -> Iterator[tuple[str, SpacingRule, int]]:
    """Yield the rules with the largest floor and with the largest minimum, unless these are 0."""
    if not rules:
        return
    floor = max(rules, key=attrgetter("floor_days"))
    if floor.floor_days:
        yield "floor", floor, floor.floor_days
    least = max(rules, key=lambda rule: (least_days(rule, extra), rank(rule.override_by)))
    if least_days(least, extra):
        yield "min", least, least_days(least, extra)


def least_days(rule: SpacingRule, extra: int) -> int:
    """Return a rule's minimum with the days that a patient's skin adds."""
    return with_extra(rule.min_days, rule, extra)


def with_extra(days: int, rule: SpacingRule, extra: int) -> int:
    """Return a rule's days with those that the patient's skin adds; 0 days and wash-outs get none."""
    return days + extra if days and not is_washout(rule) else days


def is_washout(rule: SpacingRule) -> bool:
    """Return whether a rule names an event on either side."""
    return rule.after.event is not None or rule.before.event is not None


def code_of(rule: SpacingRule, kind: str) -> str:
    """Return the refusal code of a rule's floor or minimum."""
    return f"{'washout' if is_washout(rule) else 'spacing'}_{kind}"
