"""Answers where a visit fits and whether it may take place, both from the same masks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from scheduling.assignment import assign
from scheduling.bits import Busy, Window
from scheduling.case import Case, Mask, open_case
from scheduling.catalog import Catalog
from scheduling.questions import NO_LOADS, Loads, Openings, Question, Verdict
from scheduling.reasons import Refusal
from scheduling.rules.registry import RULES
from scheduling.rules.warnings import warnings
from scheduling.scene import survey


# A search and a refusal cannot disagree, because neither has a rule of its own. Each rule in
# `rules/registry.py` turns a case into masks. A mask has a refusal code, the arrivals that the rule allows
# (bit i is the arrival at tick `window.start + i`), and a function that explains the refusal of an arrival.
# `search` ANDs the masks whose codes are not waived; `check` reads a single bit of each of the same masks.
# The function is asked only where that bit is 0, so it chooses the words of a refusal but never decides.
#
# Rules about dates give masks too: their bans are civil dates, which `hours.Days` turns into the ticks of the
# location's days. Where parts are free but not together, such as a device fixed to a busy room, a further
# mask refuses exactly the arrivals at which each part alone is possible, but not all of them at once.
#
# So a slot that is found can be booked, and a slot that is refused is never found, as long as both look at
# the same busy time; a booking sees to that by its locks. `tests/scheduling/test_oracle.py` checks it. A new
# rule is an entry in `RULES`, and takes part in both.
def search(question: Question, catalog: Catalog, busy: Busy, window: Window) -> Openings:
    """Return every feasible arrival whose whole visit lies inside the window."""
    case = open_case(survey(question, catalog, busy, window))
    starts = window.span(window.start, window.end - case.scene.visit.length + 1)
    for mask in _masks(case):
        if mask.code not in case.scene.waived:
            starts &= mask.allowed
    led = {lead_id: starts & bits for lead_id, bits in case.leading.items()}
    return Openings(starts, {lead_id: bits for lead_id, bits in led.items() if bits})


def check(
    question: Question,
    catalog: Catalog,
    busy: Busy,
    start: int,
    window: Window,
    loads: Loads = NO_LOADS,
) -> Verdict:
    """Return every reason against an arrival at tick `start`, or an assignment when there is no reason.

    Of those who can take the visit the assignment prefers the least loaded. Raise ValueError when the visit
    does not lie inside the window.
    """
    case = open_case(survey(question, catalog, busy, window))
    if start < window.start or start + case.scene.visit.length > window.end:
        raise ValueError("The visit must lie inside the window.")
    at = start - window.start
    violated = [mask for mask in _masks(case) if not mask.allows(at)]
    bent = [mask for mask in violated if mask.code in case.scene.waived]
    waived = frozenset(mask.code for mask in bent)
    reasons = [reason for mask in violated if mask.code not in waived for reason in mask.explain(at)]
    noticed = warnings(question, catalog, case.scene.date_at(at))
    if reasons:
        return Verdict(_joined(reasons), noticed, None, waived)
    assignment, bent_by_staff = assign(case, at, loads)
    grounds = frozenset(ground for mask in bent for reason in mask.explain(at) for ground in reason.grounds)
    return Verdict((), noticed, assignment, waived | bent_by_staff, grounds)


def _masks(case: Case) -> Iterator[Mask]:
    for rule in RULES:
        yield from rule(case)


def _joined(reasons: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Join the refusals of the same code, rule and resource, with all of their causes."""
    joined: dict[tuple[object, ...], Refusal] = {}
    for reason in reasons:
        key = (reason.code, reason.rule_id, reason.resource_id)
        known = joined.get(key)
        causes = (*known.because, *reason.because) if known else reason.because
        grounds = known.grounds | reason.grounds if known else reason.grounds
        joined[key] = replace(reason, because=tuple(dict.fromkeys(causes)), grounds=grounds)
    return tuple(joined.values())
