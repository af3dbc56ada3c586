"""Reads untrusted calendar texts in a child process whose time and memory are limited."""

import json
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sync.busy.expansion import MOST_EVENTS, Expanded, Range, UnusableError, expand

_MEMORY: Final = 1 << 30
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reading may take: seconds of processor time, and seconds by the clock."""

    computing: int
    waiting: int


FEED: Final = Patience(20, 60)
"""The limits for a worker; five megabytes take about ten seconds."""
OBJECT: Final = Patience(3, 20)
"""The limits for a single object, while a calendar program waits for the answer."""

Spans = Sequence[tuple[datetime, datetime]]


def read(texts: Sequence[bytes], within: Range, patience: Patience) -> list[Expanded | None]:
    """Expand each text as `expand` does; None for a text that is no calendar.

    UnusableError when all texts together are too large, take too long or hold too many events. Starting
    the child takes about a quarter of a second, so pass many texts at once.
    """
    if not texts:
        return []
    order = {
        "computing": patience.computing,
        "first": within.first.isoformat(),
        "last": within.last.isoformat(),
        "zone": within.zone.key,
        "elsewhere": {day.isoformat(): zone.key for day, zone in within.elsewhere.items()},
        # Latin-1 gives every byte a character, and the same byte back.
        "texts": [one.decode("latin-1") for one in texts],
    }
    answer = _ask(json.dumps(order).encode(), patience.waiting)
    if isinstance(answer, str):
        raise UnusableError(answer)
    return [None if one is None else _read(one) for one in answer]


def _ask(order: bytes, seconds: int) -> Any:  # noqa: ANN401 - JSON
    """Run the child process and give its answer: a list, or an error code."""
    command = [sys.executable, "-m", "sync.busy.sandboxed_reading"]
    try:
        # The environment is empty, so that a text that takes over the child finds no secret there.
        done = subprocess.run(  # noqa: S603 - the command is ours
            command, input=order, capture_output=True, cwd=_ROOT, env={}, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return "too_slow"
    if done.returncode == 0:
        return json.loads(done.stdout)
    # The system ends a child that computes too long by SIGXCPU or SIGKILL; other ends are lack of memory.
    return "too_slow" if done.returncode in {-24, -9} else "too_large"


def _read(given: Mapping[str, Any]) -> Expanded:
    busy = {
        uid: [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in spans]
        for uid, spans in given["busy"].items()
    }
    return Expanded(busy, given["unread"])


def answer(order: Mapping[str, Any]) -> list[dict[str, Any] | None] | str:
    """Give the busy time and the number of unread events of each text, or an error code for all."""
    first, last = (datetime.fromisoformat(order[name]) for name in ("first", "last"))
    elsewhere = {date.fromisoformat(day): ZoneInfo(zone) for day, zone in order["elsewhere"].items()}
    within = Range(first, last, ZoneInfo(order["zone"]), elsewhere)
    try:
        return _all(order["texts"], within)
    except UnusableError as error:
        return str(error)
    except MemoryError:
        return "too_large"


def _all(texts: Sequence[str], within: Range) -> list[dict[str, Any] | None]:
    answers: list[dict[str, Any] | None] = []
    left = MOST_EVENTS
    for text in texts:
        try:
            found = expand(text.encode("latin-1"), within)
        except UnusableError as error:
            if str(error) != "not_a_calendar":
                raise
            answers.append(None)
            continue
        left -= sum(map(len, found.busy.values()))
        if left < 0:
            raise UnusableError("too_many_events")
        answers.append({"busy": found.busy, "unread": found.unread})
    return answers


def _limit(computing: int) -> None:
    """Limit this process before it reads any untrusted text."""
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, computing),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Read the order from standard input and write the answer to standard output."""
    order = json.load(sys.stdin)
    _limit(order["computing"])
    sys.stdout.write(json.dumps(answer(order), default=datetime.isoformat))


if __name__ == "__main__":
    main()
