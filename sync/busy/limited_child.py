"""Runs a module, for texts of unknown origin, in a child process whose time and memory are limited."""

import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

_MEMORY: Final = 1 << 30
_ROOT: Final = Path(__file__).resolve().parents[2]


def run_limited(module: str, order: bytes, *, computing: int, waiting: int) -> tuple[int, bytes]:
    """Give the exit code and the output of a module that reads its order from standard input.

    `computing` are seconds of processor time, which the child sets itself as its first act (`limit`);
    subprocess.TimeoutExpired after `waiting` seconds by the clock.
    """
    # The environment is empty, so that a text that takes over the child finds no secret there.
    done = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, "-m", module, str(computing)],
        input=order,
        capture_output=True,
        cwd=_ROOT,
        env={},
        timeout=waiting,
        check=False,
    )
    return done.returncode, done.stdout


def limit() -> int:
    """Limit this process before it reads any untrusted text; give its seconds of processor time."""
    computing = int(sys.argv[1])
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, computing),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))
    return computing
