"""Reads calendars of strangers in a process of its own, which gets so much time and memory and no more."""

import json
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sync.busy.expansion import MOST_EVENTS, Expanded, Range, UnusableError, expand

_MEMORY: Final = 1 << 30
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reading may take: seconds of computing, and seconds by the clock on the wall."""

    computing: int
    waiting: int


FEED: Final = Patience(20, 60)
"""For what a worker reads; five megabytes take about ten seconds."""
OBJECT: Final = Patience(3, 20)
"""For one object that somebody waits for."""

Spans = Sequence[tuple[datetime, datetime]]


def read(texts: Sequence[bytes], within: Range, patience: Patience) -> list[Expanded | None]:
    """Expand each text as `expand` does, None for what is no calendar.

    UnusableError when all together are too large, take too long or hold too many events. It starts a
    Python of its own, which takes about a quarter of a second: pass what there is at once.
    """
    if not texts:
        return []
    order = {
        "computing": patience.computing,
        "first": within.first.isoformat(),
        "last": within.last.isoformat(),
        "zone": within.zone.key,
        # Latin-1 gives every byte a character, and the same byte back.
        "texts": [one.decode("latin-1") for one in texts],
    }
    answer = _ask(json.dumps(order).encode(), patience.waiting)
    if isinstance(answer, str):
        raise UnusableError(answer)
    return [None if one is None else _read(one) for one in answer]


def _ask(order: bytes, seconds: int) -> Any:  # noqa: ANN401 - JSON
    """Give what the child answers: a list, or the code of what went wrong."""
    command = [sys.executable, "-m", "sync.busy.sandboxed_reading"]
    try:
        # No environment: a stranger's calendar has no business with the product's secrets.
        done = subprocess.run(  # noqa: S603 - the command is ours
            command, input=order, capture_output=True, cwd=_ROOT, env={}, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return "too_slow"
    if done.returncode == 0:
        return json.loads(done.stdout)
    # Killed for its computing time, else for its memory.
    return "too_slow" if done.returncode in {-24, -9} else "too_large"


def _read(given: Mapping[str, Any]) -> Expanded:
    busy = {
        uid: [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in spans]
        for uid, spans in given["busy"].items()
    }
    return Expanded(busy, given["unread"])


def answer(order: Mapping[str, Any]) -> list[dict[str, Any] | None] | str:
    """Read what the parent asks for: each text's busy time and unread events, or a code for all of them."""
    zone = ZoneInfo(order["zone"])
    within = Range(datetime.fromisoformat(order["first"]), datetime.fromisoformat(order["last"]), zone)
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
    """Take away what the process may not have, before it reads a stranger's word."""
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, computing),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Answer the order on the standard input."""
    order = json.load(sys.stdin)
    _limit(order["computing"])
    sys.stdout.write(json.dumps(answer(order), default=datetime.isoformat))


if __name__ == "__main__":
    main()
