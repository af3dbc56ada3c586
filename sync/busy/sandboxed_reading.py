"""Reads untrusted calendar texts in a child process whose time and memory are limited."""

import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import date, datetime
from subprocess import TimeoutExpired
from threading import BoundedSemaphore
from time import process_time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sync.busy.events import AS_A_RULE, Counted
from sync.busy.expansion import (
    Expanded,
    Limit,
    TooSlowError,
    Unread,
    UnusableError,
    expand,
)
from sync.busy.limited_child import limit, run_limited
from sync.busy.moments import Range
from sync.busy.series import MOST_EVENTS


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reading may take: seconds of processor time, and seconds by the clock.

    What reads `in_turn` waits while two others do, because reading takes a processor.
    """

    computing: int
    waiting: int
    in_turn: bool = False


FEED: Final = Patience(20, 60, in_turn=True)
"""The limits for a worker, which fetches many calendars at a time; 5 MB take about three seconds."""
OBJECT: Final = Patience(3, 20)
"""The limits for a single object, while a calendar program waits for the answer."""

_READERS: Final = BoundedSemaphore(2)


def read(
    texts: Sequence[bytes], within: Range, patience: Patience, counted: Counted = AS_A_RULE
) -> list[Expanded | None]:
    """Expand each text as `expand` does; None for a text that is no calendar.

    UnusableError when all texts together are too large, take too long or hold too many events. Starting
    the child takes about a tenth of a second, so pass many texts at once.
    """
    if not texts:
        return []
    order = {
        "first": within.first.isoformat(),
        "last": within.last.isoformat(),
        "zone": within.zone.key,
        "elsewhere": {day.isoformat(): zone.key for day, zone in within.elsewhere.items()},
        "ignore": sorted(counted.ignore),
        "attendee": counted.attendee,
        # Latin-1 gives every byte a character, and the same byte back.
        "texts": [one.decode("latin-1") for one in texts],
    }
    with _READERS if patience.in_turn else nullcontext():
        answer = _ask(json.dumps(order).encode(), patience)
    if isinstance(answer, str):
        raise UnusableError(answer)
    return [None if one is None else _read(one) for one in answer]


def _ask(order: bytes, patience: Patience) -> Any:  # noqa: ANN401 - JSON
    """Run the child process and give its answer: a list, or an error code."""
    try:
        code, output = run_limited(
            "sync.busy.sandboxed_reading", order, computing=patience.computing, waiting=patience.waiting
        )
    except TimeoutExpired:
        return "too_slow"
    if code == 0:
        return json.loads(output)
    # The system ends a child that computes too long by SIGXCPU or SIGKILL; other ends are lack of memory.
    return "too_slow" if code in {-24, -9} else "too_large"


def _read(given: Mapping[str, Any]) -> Expanded:
    busy = {
        uid: [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in spans]
        for uid, spans in given["busy"].items()
    }
    unread, doubtful = ([Unread(**one) for one in given[name]] for name in ("unread", "doubtful"))
    return Expanded(busy, unread, doubtful, given["is_whole"])


def answer(order: Mapping[str, Any], limit: Limit = nullcontext) -> list[dict[str, Any] | None] | str:
    """Give what `expand` finds in each text, or an error code for all."""
    first, last = (datetime.fromisoformat(order[name]) for name in ("first", "last"))
    elsewhere = {date.fromisoformat(day): ZoneInfo(zone) for day, zone in order["elsewhere"].items()}
    within = Range(first, last, ZoneInfo(order["zone"]), elsewhere)
    counted = Counted(frozenset(order["ignore"]), order["attendee"])
    try:
        return _all(order["texts"], within, counted, limit)
    except UnusableError as error:
        return str(error)
    except MemoryError:
        return "too_large"


def _all(texts: Sequence[str], within: Range, counted: Counted, limit: Limit) -> list[dict[str, Any] | None]:
    answers: list[dict[str, Any] | None] = []
    left = MOST_EVENTS
    for text in texts:
        try:
            found = expand(text.encode("latin-1"), within, counted, limit)
        except UnusableError as error:
            if str(error) != "not_a_calendar":
                raise
            answers.append(None)
            continue
        left -= sum(map(len, found.busy.values()))
        if left < 0:
            raise UnusableError("too_many_events")
        answers.append(asdict(found))
    return answers


class _Hurry:
    """Bounds the processor time of each event, so that one that takes too long spoils no other."""

    def __init__(self, computing: int) -> None:
        # The rest of the time is for reading the lines, and for the events after one that took too long.
        self._left, self._most, self._least = computing * 0.6, computing / 10, computing / 2000
        self._is_running = False
        signal.signal(signal.SIGVTALRM, self._stop)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        before = process_time()
        self._is_running = True
        signal.setitimer(signal.ITIMER_VIRTUAL, max(min(self._left, self._most), self._least))
        try:
            yield
        finally:
            self._is_running = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            self._left -= process_time() - before

    def _stop(self, *_: object) -> None:
        if self._is_running:
            raise TooSlowError


def main() -> None:
    """Read the order from standard input and write the answer to standard output."""
    computing = limit()
    order = json.load(sys.stdin)
    found = answer(order, _Hurry(computing))
    sys.stdout.write(json.dumps(found, default=datetime.isoformat))


if __name__ == "__main__":
    main()
