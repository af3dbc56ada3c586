"""Asks the engine about one instant, with or without what the caller may override."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from booking.core.caller import Caller
from booking.core.errors import MissingScope
from booking.questions.busy import busy_for
from booking.questions.catalog import ClinicCatalog
from booking.questions.windows import day_of
from scheduling.engine import check
from scheduling.questions import Question, Verdict
from scheduling.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Override:
    """Which listed codes someone overrides, and why; the reason is kept in the audit log."""

    codes: frozenset[str]
    reason: str


def judge(
    caller: Caller,
    catalog: ClinicCatalog,
    question: Question,
    start: int,
    override: Override | None = None,
    ignore: UUID | None = None,
) -> Verdict:
    """Judge an arrival against everything; trustworthy for a write only under the visit's locks.

    `ignore` leaves one appointment's own claims out. MissingScope when the override names a code
    that is violated and needs a higher level than the key holds.
    """
    window = day_of(question, start)
    busy = busy_for(caller, catalog, question, window, without=ignore)
    verdict = check(question, catalog.engine, busy, start, window)
    if override is None or not verdict.refusals:
        return verdict
    waived = permitted(caller, verdict.refusals, override.codes)
    second = check(replace(question, waived=question.waived | waived), catalog.engine, busy, start, window)
    # An override that does not suffice hides no reason: the client sees what it would without one.
    return verdict if second.refusals else second


def permitted(caller: Caller, refusals: Iterable[Refusal], codes: frozenset[str]) -> frozenset[str]:
    """Give those of the codes that are violated and somebody's to waive; MissingScope without the level."""
    named = [reason for reason in _every(refusals) if reason.code in codes]
    # A waived code is waived for every rule behind it, so one that is nobody's keeps all of them.
    nobodys = {reason.code for reason in named if reason.overridable_by is None}
    for reason in named:
        level = reason.overridable_by
        if level is not None and reason.code not in nobodys and not caller.may_override(level):
            raise MissingScope(f"Overriding {reason.code} needs the scope override:{level}.")
    return frozenset(reason.code for reason in named) - nobodys


def _every(refusals: Iterable[Refusal]) -> Iterator[Refusal]:
    for refusal in refusals:
        yield refusal
        yield from _every(refusal.because)
