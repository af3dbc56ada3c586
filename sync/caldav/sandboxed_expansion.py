"""Expands stored objects in a child process whose time and memory are limited."""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dav.recurrences import MOST_INSTANCES, TooManyInstancesError, expand

COMPUTING_SECONDS: Final = 6
"""The processor time for all objects of an answer."""
OBJECT_SECONDS: Final = 3
"""The processor time for a single object."""
_WAITING_SECONDS: Final = 20
_MEMORY: Final = 1 << 30
_ROOT: Final = Path(__file__).resolve().parents[2]


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
    command = [sys.executable, "-m", "sync.caldav.sandboxed_expansion"]
    try:
        # The environment is empty, so that a text that takes over the child finds no secret there.
        done = subprocess.run(  # noqa: S603 - the command is ours
            command,
            input=order,
            capture_output=True,
            cwd=_ROOT,
            env={},
            timeout=_WAITING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout) if done.returncode == 0 else None


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


def _limit() -> None:
    """Limit this process before it reads any untrusted text."""
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, COMPUTING_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Read the order from standard input and write the answer to standard output."""
    order = json.load(sys.stdin)
    _limit()
    signal.signal(signal.SIGVTALRM, _give_up)
    sys.stdout.write(json.dumps(answer(order)))


if __name__ == "__main__":
    main()
