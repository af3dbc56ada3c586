"""Runs a `clinic` command in a child process beside the server, and ends it with the server."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from config import PROJECT, Settings
from models.postgres import database_url

_COMMAND: Final = "from cli import main; main()"
_STOPPING_SECONDS: Final = 10


@contextmanager
def running(settings: Settings, *command: str) -> Iterator[None]:
    """Run the command while the block runs; its standard input closes when this process is gone."""
    parent, child = os.getpid(), _start(settings, command)
    try:
        yield
    finally:
        # A server's workers are forks that leave the block too, when they end.
        if os.getpid() == parent:
            _stop(child)


def _start(settings: Settings, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the command on this database: only the parent starts and stops an embedded PostgreSQL."""
    env = os.environ | {
        "DATABASE_URL": database_url(settings),
        "CLINIC_DATA_DIR": str(settings.data_dir),
    }
    # A session of its own: Ctrl-C reaches the parent alone, which then ends the child.
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", _COMMAND, *command],
        cwd=PROJECT,
        env=env,
        start_new_session=True,
        stdin=subprocess.PIPE,
    )


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(_STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
