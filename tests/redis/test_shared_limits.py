"""Limits that servers share in Redis: counted together, and by each alone while it is away."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from config import Settings
from models.database import Database
from tests.api.toys import seen, toy_app
from tests.support.desk import Desk
from tests.support.processes import free_port, wait_until


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[None]:
    """Run Debian's redis-server on loopback, with nothing kept; fail loudly where it is missing."""
    program = shutil.which("redis-server")
    assert program is not None, "redis-server is missing: apt-get install redis-server"
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder))
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)  # noqa: S603 - Debian's own
    try:
        wait_until(lambda: answers(port))
        yield
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Whether the server answers."""
    with redis.Redis(port=port) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


@pytest.fixture
def port() -> int:
    """Find a port for the server."""
    return free_port()


@pytest.fixture
def servers(desk: Desk, settings: Settings, database: Database, port: int) -> tuple[Desk, Desk]:
    """Give the desk at two servers that share a store."""
    own = replace(settings, limits_url=f"redis://127.0.0.1:{port}/0")
    first, second = (replace(desk, app=toy_app(own, database, seen)) for _ in range(2))
    return first, second


def guesses(desk: Desk, times: int) -> list[int]:
    """Send keys that are none, and give the statuses."""
    return [desk.using("ck_unknown").get("/toys").status_code for _ in range(times)]


def test_servers_count_together(servers: tuple[Desk, Desk], port: int, tmp_path: Path) -> None:
    first, second = servers
    with redis_server(port, tmp_path):
        assert guesses(first, 6) == [401] * 6
        assert guesses(second, 5) == [401] * 4 + [429]
        refused = first.using("ck_unknown").get("/toys")

        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert first.get("/toys").headers["RateLimit-Policy"] == '"key";q=1000;w=1'


def test_a_store_that_goes_takes_no_server_with_it_and_is_found_again(
    servers: tuple[Desk, Desk], port: int, tmp_path: Path
) -> None:
    first, second = servers
    with redis_server(port, tmp_path):
        assert guesses(first, 10) == [401] * 10
    assert (first.get("/toys").status_code, second.get("/toys").status_code) == (200, 200)
    assert guesses(first, 11) == [401] * 10 + [429]
    with redis_server(port, tmp_path):
        assert guesses(second, 1) == [401]
        # In the store nothing was counted yet, while the memory of the first server refuses.
        wait_until(lambda: guesses(first, 1) == [401])


def test_a_store_that_hangs_holds_nobody_up(servers: tuple[Desk, Desk], port: int, tmp_path: Path) -> None:
    first, _ = servers
    with redis_server(port, tmp_path):
        assert first.get("/toys").status_code == 200
        with redis.Redis(port=port) as client:
            client.execute_command("CLIENT", "PAUSE", "60000", "ALL")
        assert {first.get("/toys").status_code for _ in range(20)} == {200}
