"""Finds the reasons why a whole stretch of time has no slot."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from scheduling.bits import Busy, Window, positions
from scheduling.case import Mask, open_case
from scheduling.catalog import Catalog
from scheduling.questions import Question
from scheduling.reasons import Refusal
from scheduling.rules.registry import RULES
from scheduling.scene import survey

# When the location takes visits at all: a reason that holds at all these times holds on every day, although
# by night and on closed days the location's hours refuse as well.
_FRAME: Final = frozenset(
    {"in_the_past", "min_notice", "beyond_horizon", "off_grid", "outside_opening_hours", "location_closed"}
)


@dataclass(slots=True)
class _Tally:
    """What each code refuses among the arrivals of several windows.

    `passing` are the codes that allow some arrival, `deciding` those without which some arrival would be
    possible, `reasons` each code's refusals of the first arrival that it refuses.
    """

    passing: set[str] = field(default_factory=set)
    deciding: set[str] = field(default_factory=set)
    reasons: dict[str, tuple[Refusal, ...]] = field(default_factory=dict)

    def add(self, masks: Sequence[Mask], among: int) -> None:
        """Count the masks of a window, looking only at the arrivals in `among`."""
        by_code: defaultdict[str, list[Mask]] = defaultdict(list)
        for mask in masks:
            by_code[mask.code].append(mask)
        allowed = {code: _together(own) for code, own in by_code.items()}
        for code, own in by_code.items():
            if among & allowed[code]:
                self.passing.add(code)
            if among & _all(bits for other, bits in allowed.items() if other != code):
                self.deciding.add(code)
            if code not in self.reasons and (refused := among & ~allowed[code]):
                at = next(positions(refused))
                told = [reason for mask in own if not mask.allows(at) for reason in mask.explain(at)]
                self.reasons[code] = tuple(dict.fromkeys(told))

    def obstacles(self) -> tuple[Refusal, ...]:
        """Return the reasons that hold throughout, else those of which each alone is in the way of a slot."""
        throughout = self.reasons.keys() - self.passing
        named = throughout or self.reasons.keys() & self.deciding
        return tuple(reason for code, told in self.reasons.items() if code in named for reason in told)


def obstacles(
    question: Question, catalog: Catalog, searched: Iterable[tuple[Busy, Window]]
) -> tuple[Refusal, ...]:
    """Return why none of the windows has a slot.

    A reason stands when it refuses every arrival at which the location takes visits. When no reason does,
    because one refuses the first weeks and another the rest, the answer has each without which there would
    be a slot.
    """
    frame, rest, opens = _Tally(), _Tally(), False
    for busy, window in searched:
        case = open_case(survey(question, catalog, busy, window))
        masks = [mask for rule in RULES for mask in rule(case) if mask.code not in case.scene.waived]
        arrivals = window.span(window.start, window.end - case.scene.visit.length + 1)
        framing = [mask for mask in masks if mask.code in _FRAME]
        open_arrivals = arrivals & _together(framing)
        frame.add(framing, arrivals)
        rest.add([mask for mask in masks if mask.code not in _FRAME], open_arrivals)
        opens |= bool(open_arrivals)
    return (rest if opens else frame).obstacles()


def _together(masks: Iterable[Mask]) -> int:
    return _all(mask.allowed for mask in masks)


def _all(several: Iterable[int]) -> int:
    bits = -1
    for one in several:
        bits &= one
    return bits
