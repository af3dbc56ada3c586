"""Finds when a visit that must come first is missing, lies too far back, or is too recent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.bits import merge
from scheduling.clinical import CONSULTATION
from scheduling.months import add_months
from scheduling.questions import Question, Session
from scheduling.rulebook import Prerequisite
from scheduling.rules.bans import Ban
from scheduling.ticks import floor_tick, local_date

RULE_IDS: Final = {"prerequisite_missing": "H11", "prerequisite_expired": "H11", "cooling_off": "H12"}
CODES: Final = tuple(RULE_IDS)
# Cooling off gives the patient time to think, so a clinician may shorten it; no level may waive the visit.
_LEVELS: Final = {"cooling_off": "clinician"}
_TICKS_AN_HOUR: Final = 12
_NEVER: Final = 1 << 40
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ticks from `first` to `until` (half-open) at which arrivals are refused, and the visit behind that."""

    code: str
    first: int
    until: int
    source_id: UUID | None = None
    source_on: date | None = None

    def covers(self, tick: int) -> bool:
        """Return whether an arrival is refused."""
        return self.first <= tick < self.until

    def ban(self, zone: ZoneInfo) -> Ban:
        """Return the ban on the local dates of the stretch, without its last date when it ends during it.

        A stretch begins at a midnight or where the stretch before it ends, so all the stretches of a
        prerequisite forbid exactly the dates on which no arrival is possible.
        """
        return Ban(
            code=self.code,
            rule_id=RULE_IDS[self.code],
            first=date.min if self.first == -_NEVER else local_date(self.first, zone),
            until=None if self.until == _NEVER else local_date(self.until, zone),
            level=_LEVELS.get(self.code),
            source_id=self.source_id,
            source_on=self.source_on,
        )


@dataclass(frozen=True, slots=True)
class _Pass:
    """A visit, the tick at which it ends, and the ticks between which it lets treatments take place."""

    session: Session
    ends: int
    first: int
    until: int


def stretches(question: Question) -> list[Stretch]:
    """Return the ticks at which each prerequisite of the question's procedure refuses, in order of time."""
    if question.patient is None:
        return []
    return [
        stretch
        for prerequisite in question.procedure.prerequisites
        for stretch in _stretches_between(_passes(question, question.patient.sessions, prerequisite))
    ]


def _passes(question: Question, sessions: Sequence[Session], prerequisite: Prerequisite) -> list[_Pass]:
    """Return the visits that meet a prerequisite: those of its family, and treatments that needed it (H11).

    A treatment renews the prerequisite when it was performed, or while it is booked at a time that the
    prerequisite covers.
    """
    months = question.location.policy.consultation_renewal_months
    found: list[_Pass] = []
    for ends, session in sorted(_ended(question, sessions), key=itemgetter(0)):
        if session.family == prerequisite.family or _was_talked_over(session, prerequisite):
            found.append(_first_visit(question, prerequisite, session, ends))
        elif prerequisite.family in session.requires and (session.performed or _is_covered(ends, found)):
            found.append(_Pass(session, ends, ends, _end_of_date(add_months(session.on, months), question)))
    return found


def _ended(question: Question, sessions: Sequence[Session]) -> Iterator[tuple[int, Session]]:
    """Yield the sessions whose end is known; a consultation elsewhere ends with its date."""
    for session in sessions:
        if _is_talk_elsewhere(session):
            yield _end_of_date(session.on, question), session
        elif session.ends is not None:
            yield session.ends, session


def _is_talk_elsewhere(session: Session) -> bool:
    return session.treatment_id is not None and session.event == CONSULTATION


def _was_talked_over(session: Session, prerequisite: Prerequisite) -> bool:
    return _is_talk_elsewhere(session) and prerequisite.family in session.counts_like


def _first_visit(question: Question, prerequisite: Prerequisite, session: Session, ends: int) -> _Pass:
    policy = question.location.policy
    hours, days = prerequisite.min_hours_before, prerequisite.valid_days
    cooling = (policy.cooling_off_hours if hours is None else hours) * _TICKS_AN_HOUR
    lasting = timedelta(days=policy.consultation_valid_days if days is None else days)
    return _Pass(session, ends, ends + cooling, _end_of_date(session.on + lasting, question))


def _is_covered(ends: int, found: Sequence[_Pass]) -> bool:
    return any(one.ends < ends and one.first <= ends < one.until for one in found)


def _end_of_date(last: date, question: Question) -> int:
    """Return the tick at which a date of the treating location is over."""
    return floor_tick(datetime.combine(last + _ONE_DAY, time(), question.location.zone))


def _stretches_between(passes: Sequence[_Pass]) -> Iterator[Stretch]:
    """Yield the stretches between the passes, cut wherever the reason may change."""
    open_spans = merge((one.first, one.until) for one in passes if one.first < one.until)
    begins = [-_NEVER, *(until for _, until in open_spans)]
    ends = [*(first for first, _ in open_spans), _NEVER]
    cuts = sorted({tick for one in passes for tick in (one.ends, one.until)})
    for begin, end in zip(begins, ends, strict=True):
        inside = (tick for tick in cuts if begin < tick < end)
        for first, until in pairwise((begin, *inside, end)):
            yield _stretch(passes, first, until)


def _stretch(passes: Sequence[_Pass], first: int, until: int) -> Stretch:
    """Return a stretch with its reason: a visit still cools off, the last visit is over, or none was made.

    A visit that is over before it has cooled off counts as over: an override of the cooling off must not
    override that too.
    """
    ended = [one for one in passes if one.ends <= first]
    over = max((one for one in ended if one.until <= first), key=attrgetter("until"), default=None)
    cooling = min((one for one in ended if one.until > first), key=attrgetter("first"), default=None)
    if cooling is not None:
        return Stretch("cooling_off", first, until, cooling.session.source_id, cooling.session.on)
    if over is not None:
        return Stretch("prerequisite_expired", first, until, over.session.source_id, over.session.on)
    return Stretch("prerequisite_missing", first, until)
