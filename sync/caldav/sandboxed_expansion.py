"""Expands stored objects in a child process whose time and memory are limited."""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from subprocess import TimeoutExpired
from typing import Any, Final

from dav.recurrences import MOST_INSTANCES, TooManyInstancesError, expand
from sync.busy.limited_child import limit, run_limited

COMPUTING_SECONDS: Final = 6
"""The processor time for all objects of an answer."""
OBJECT_SECONDS: Final = 3
"""The processor time for a single object."""
_WAITING_SECONDS: Final = 20


def expand_all(texts: Sequence[bytes], start: datetime, end: datetime) -> list[bytes]:
    """Expand each text between two instants; a text that cannot be expanded is given as it is.

    TooManyInstancesError when all together have more than MOST_INSTANCES. Starting the child takes about
    half a second, so pass all texts at once.
    """
    if not texts:
        return []
    order = {
        "start": start.isoformat(),
        "end": end.isoformat(),
        # Latin-1 gives every byte a character, and the same byte back.
        "texts": [one.decode("latin-1") for one in texts],
    }
    found = _ask(json.dumps(order).encode())
    if found is None:
        return list(texts)
    if found == "too_many":
        raise TooManyInstancesError
    return [text if one is None else one.encode("latin-1") for text, one in zip(texts, found, strict=True)]


def _ask(order: bytes) -> Any:  # noqa: ANN401 - JSON
    """Run the child and give its answer; None when it did not come to its end."""
    try:
        code, output = run_limited(
            "sync.caldav.sandboxed_expansion", order, computing=COMPUTING_SECONDS, waiting=_WAITING_SECONDS
        )
    except TimeoutExpired:
        return None
    return json.loads(output) if code == 0 else None


def answer(order: Mapping[str, Any]) -> list[str | None] | str:
    """Give the expanded texts, None for each that cannot be expanded, or `too_many` for all."""
    start, end = (datetime.fromisoformat(order[name]) for name in ("start", "end"))
    found: list[str | None] = []
    left = MOST_INSTANCES
    for text in order["texts"]:
        signal.setitimer(signal.ITIMER_VIRTUAL, OBJECT_SECONDS)
        try:
            expanded = expand(text.encode("latin-1"), start, end, left)
        except TooManyInstancesError:
            return "too_many"
        except (_TooSlowError, MemoryError):
            expanded = None
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        left -= 0 if expanded is None else expanded[1]
        found.append(None if expanded is None else expanded[0].decode("latin-1"))
    return found


class _TooSlowError(BaseException):
    """An object takes too long; no library may catch this as an error of its own."""


def _give_up(_signal: int, _frame: object) -> None:
    raise _TooSlowError


def main() -> None:
    """Read the order from standard input and write the answer to standard output."""
    limit()
    order = json.load(sys.stdin)
    signal.signal(signal.SIGVTALRM, _give_up)
    sys.stdout.write(json.dumps(answer(order)))


if __name__ == "__main__":
    main()
