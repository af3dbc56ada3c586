"""Runs the product's own server in a child process on a free port of loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.traffic import Client
from config import PROJECT

PATIENCE_SECONDS = 60


@contextmanager
def serving(database_url: str, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Give the port and the process of a server that is ready; it stops when the block ends."""
    port = _free_port()
    env = os.environ | {
        "DATABASE_URL": database_url,
        "CLINIC_DATA_DIR": str(folder),
        "CLINIC_DEMO": "0",
        "CLINIC_HOST": "127.0.0.1",
        "PORT": str(port),
    }
    command = [sys.executable, "-c", "from cli import main; main()", "serve"]
    with (folder / "server.log").open("wb") as log:
        child = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=log, stderr=log)  # noqa: S603 - our own
    try:
        _wait_until_ready(port)
        yield port, psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait()


def worker_megabytes(server: psutil.Process) -> list[float]:
    """Give the resident memory of each worker process."""
    return [worker.memory_info().rss / 2**20 for worker in server.children()]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with Client(port, "") as client:
                client.get("/healthz")
                return
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)
