"""Asks the engine for a verdict on a visit at an instant, with the overrides that the caller may use."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from booking.core.caller import Caller
from booking.core.errors import MissingScope
from booking.questions.book_first import with_book_first
from booking.questions.busy import busy_and_loads
from booking.questions.catalog import ClinicCatalog
from booking.questions.windows import day_of
from scheduling.bits import Busy
from scheduling.engine import check
from scheduling.questions import Loads, Question, Verdict
from scheduling.reasons import Refusal
from scheduling.ticks import floor_tick


@dataclass(frozen=True, slots=True)
class Override:
    """The codes that a client overrides, and the reason, which is kept in the audit log."""

    codes: frozenset[str]
    reason: str


def judge(
    caller: Caller,
    catalog: ClinicCatalog,
    question: Question,
    start: int,
    override: Override | None = None,
    ignore: UUID | Collection[UUID] | None = None,
    *,
    stays: bool = False,
) -> Verdict:
    """Judge an arrival by every rule; a write may rely on the verdict only under the visit's locks.

    `ignore` leaves out the claims of appointments; a visit that `stays` is one of them. A visit that lies
    wholly in the past is a fact, so no want of a room or person refuses it: it then `overlaps` others. Raise
    MissingScope when the override names a code that refuses the visit and needs a higher level than the key
    has.
    """
    busy, loads = busy_and_loads(caller, catalog, question, start, ignore, stays=stays)
    verdict = _judged(caller, catalog, question, start, override, busy, loads)
    if not verdict.refusals:
        return verdict
    if start + question.visit.length > floor_tick(question.now):
        return replace(verdict, refusals=with_book_first(caller, catalog, question, verdict.refusals))
    return replace(_judged(caller, catalog, question, start, override, {}, loads), overlaps=True)


def _judged(
    caller: Caller,
    catalog: ClinicCatalog,
    question: Question,
    start: int,
    override: Override | None,
    busy: Busy,
    loads: Loads,
) -> Verdict:
    window = day_of(question, start)
    verdict = check(question, catalog.engine, busy, start, window, loads)
    if override is None or not verdict.refusals:
        return verdict
    waived = permitted(caller, verdict.refusals, override.codes)
    waiving = replace(question, waived=question.waived | waived)
    second = check(waiving, catalog.engine, busy, start, window, loads)
    # An override that does not suffice hides no reason: the client sees all refusals, as without it.
    return verdict if second.refusals else second


def permitted(caller: Caller, refusals: Iterable[Refusal], codes: frozenset[str]) -> frozenset[str]:
    """Give the codes that refuse and may be waived; raise MissingScope if the key lacks a code's level."""
    named = [reason for reason in _every(refusals) if reason.code in codes]
    # A code is waived for all rules behind it, so a rule that no level may override keeps the whole code.
    never_waived = {reason.code for reason in named if reason.overridable_by is None}
    for reason in named:
        level = reason.overridable_by
        if level is not None and reason.code not in never_waived and not caller.may_override(level):
            raise MissingScope(f"Overriding {reason.code} needs the scope override:{level}.")
    return frozenset(reason.code for reason in named) - never_waived


def _every(refusals: Iterable[Refusal]) -> Iterator[Refusal]:
    for refusal in refusals:
        yield refusal
        yield from _every(refusal.because)
