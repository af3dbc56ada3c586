"""Start and end processes of the product."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import psutil
from click.testing import CliRunner, Result

from cli import main
from config import PROJECT
from tests.platform.test_settings import GOOD

PATIENCE_SECONDS = 90
_CLINIC = [sys.executable, "-c", "from cli import main; main()"]
_USER = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from config import Settings
from models.postgres import database_url
print(database_url(Settings(data_dir=Path(sys.argv[1]))), flush=True)
sys.stdin.read()
"""


@contextmanager
def data_folder() -> Iterator[Path]:
    """Make a folder for an embedded database, and remove it at the end.

    It does not lie below pytest's folder, which is closed to other users; where root runs the tests,
    PostgreSQL runs as another user.
    """
    with TemporaryDirectory(prefix="clinic-data-") as name:
        yield Path(name)


def environment(**settings: str) -> dict[str, str]:
    """Give this process's environment with these settings of the product and no others."""
    inherited = {name: value for name, value in os.environ.items() if name not in GOOD}
    return inherited | {"PYTHONPATH": str(PROJECT)} | settings


def clinic(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line to its end."""
    return subprocess.run(  # noqa: S603 - our own command
        [*_CLINIC, *arguments],
        env=environment(**settings),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS * 2,
        check=False,
    )


@contextmanager
def worker(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `clinic worker`, and kill what is left of it at the end."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*_CLINIC, "worker"],
        env=environment(DATABASE_URL=url, CLINIC_ALLOW_LOOPBACK_URLS="1"),
        cwd=PROJECT,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def clinic_here(*arguments: str, **settings: str) -> Result:
    """Run a command in this process, which is faster, and give what it prints and its exit code."""
    at_termination = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(main, arguments, env=dict.fromkeys(GOOD) | settings)
    finally:
        signal.signal(signal.SIGTERM, at_termination)


class User:
    """A process that uses the embedded database of a folder until it leaves."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-c", _USER, str(data_dir)],
            env=environment(),
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        """Wait for the database and give its URL."""
        assert self.process.stdout is not None
        url = self.process.stdout.readline().strip()
        assert url.startswith("postgresql://")
        return url

    def leave(self) -> None:
        """End the process as a program ends."""
        self.process.communicate(timeout=PATIENCE_SECONDS)

    def kill(self) -> None:
        """Kill the process, so that it cannot tidy up."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


def postgres(data_dir: Path) -> psutil.Process:
    """Find the server that runs on a data folder."""
    pid = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0]
    return psutil.Process(int(pid))


def has_ended(process: psutil.Process) -> bool:
    """Tell whether a process has ended, though its exit status may not have been read yet."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_until(fulfilled: Callable[[], bool]) -> None:
    """Wait until a condition holds, and fail when it does not hold in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not fulfilled():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def free_port() -> int:
    """Find a free port of the loopback interface."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def serving(data_dir: Path, log: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `clinic serve` on a free port; give the process and its address, and stop it at the end."""
    port = free_port()
    own = {"CLINIC_DATA_DIR": str(data_dir), "CLINIC_DEMO": "0", "PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*_CLINIC, "serve"],
            env=environment(**(own | settings)),
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
