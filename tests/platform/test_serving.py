"""`clinic serve` as a process: it gets ready, answers, and leaves nothing behind when it stops."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
import pytest
import requests

from models.postgres import PLAIN_ROLE
from tests.support.processes import (
    PATIENCE_SECONDS,
    User,
    clinic,
    data_folder,
    free_port,
    has_ended,
    postgres,
    serving,
    wait_until,
)
from tests.support.sockets import SlowClients, asked, probe_for, problem

pytestmark = pytest.mark.embedded


class Service(NamedTuple):
    """A server that is ready."""

    process: "subprocess.Popen[bytes]"
    address: str
    data_dir: Path
    log: Path

    @property
    def at(self) -> tuple[str, int]:
        """Give the host and the port."""
        host, _, port = self.address.removeprefix("http://").partition(":")
        return host, int(port)


def answers(address: str) -> bool:
    """Whether the server says that it is ready."""
    try:
        return requests.get(f"{address}/readyz", timeout=30).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Start the product on a free port, with its embedded database and no demo clinic."""
    with data_folder() as folder, serving(folder / "data", folder / "log") as (process, address):
        wait_until(lambda: answers(address) or process.poll() is not None)
        yield Service(process, address, folder / "data", folder / "log")


def create_clinic(data_dir: Path) -> dict[str, str]:
    """Create a clinic beside the server and give the header with its admin key."""
    named = ("--name", "A", "--timezone", "Europe/London", "--catalogue", "none")
    made = clinic("create-clinic", *named, CLINIC_DATA_DIR=str(data_dir))
    return {"Authorization": f"Bearer {json.loads(made.stdout)['admin_key']}"}


@pytest.fixture(scope="module")
def key(service: Service) -> dict[str, str]:
    """Give the header with the admin key of a clinic of the running server."""
    return create_clinic(service.data_dir)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/healthz", "application/json"),
        ("/readyz", "application/json"),
        ("/openapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
        ("/problems", "text/html; charset=utf-8"),
    ],
)
def test_what_needs_no_key_is_served(service: Service, path: str, kind: str) -> None:
    answer = requests.get(service.address + path, timeout=30)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)


def test_everything_else_needs_a_key(service: Service, key: dict[str, str]) -> None:
    answered = [
        requests.get(service.address + "/v1/locations", headers=headers, timeout=30) for headers in ({}, key)
    ]

    assert [answer.status_code for answer in answered] == [401, 200]


def test_the_sandbox_clock_is_off_unless_it_is_switched_on(service: Service, key: dict[str, str]) -> None:
    now = {"X-Clinic-Now": "2027-01-04T08:00:00Z"}

    answer = requests.get(service.address + "/v1/locations", headers=key | now, timeout=30)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["X-Clinic-Now"]


def test_without_a_demo_clinic_the_server_says_how_to_make_one(service: Service) -> None:
    assert "create-clinic" in service.log.read_text()


def test_what_breaks_off_is_not_done_and_succeeds_whole_with_the_same_key(
    service: Service, key: dict[str, str]
) -> None:
    whole = b'{"name": "Ada Lovelace"}'
    head = (
        "POST /v1/patients HTTP/1.1\r\nHost: clinic.example\r\nConnection: close\r\nIdempotency-Key: one\r\n"
        f"Authorization: {key['Authorization']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(whole)}\r\n\r\n"
    ).encode()
    answers = [asked(service.at, head, whole[:arrives], ends=True) for arrives in (0, 2, len(whole) - 1)]

    assert {problem(one) for one in answers} == {(400, "incomplete_body")}
    assert asked(service.at, head, whole).startswith(b"HTTP/1.1 201 ")
    patients = requests.get(service.address + "/v1/patients", headers=key, timeout=30).json()["items"]
    assert len(patients) == 1


def test_slow_clients_of_every_kind_take_nothing_from_the_others(
    service: Service, key: dict[str, str]
) -> None:
    with SlowClients(service.at, key["Authorization"].removeprefix("Bearer "), 64):
        assert probe_for(service.at, 1.0) > 0
        assert requests.get(service.address + "/v1/locations", headers=key, timeout=30).ok


def test_a_server_that_is_told_to_stop_leaves_nothing_behind(used_folder: Path) -> None:
    with serving(used_folder, used_folder / "log") as (process, address):
        wait_until(lambda: answers(address))
        database = postgres(used_folder)
        workers = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGTERM)
        ended = process.wait(PATIENCE_SECONDS)

    assert ended == 0
    assert len(workers) > 1
    assert all(map(has_ended, [database, *workers]))


def test_a_server_that_is_told_to_stop_keeps_nobody_who_waits_and_writes_what_it_noted(
    used_folder: Path,
) -> None:
    with serving(used_folder, used_folder / "log") as (process, address), ThreadPoolExecutor(1) as threads:
        wait_until(lambda: answers(address))
        key = create_clinic(used_folder)
        patients, changes = f"{address}/v1/patients", f"{address}/v1/changes"
        made = requests.post(patients, json={"name": "Alice"}, headers=key, timeout=5).json()
        waiter = threads.submit(requests.get, changes, {"wait": 60}, headers=key, timeout=90)
        assert wait([waiter], 1.0).not_done
        begun = time.monotonic()
        requests.get(f"{patients}/{made['id']}", headers=key, timeout=5)
        process.send_signal(signal.SIGTERM)
        answer = waiter.result(PATIENCE_SECONDS)
        process.wait(PATIENCE_SECONDS)

    with User(used_folder) as user, psycopg.connect(user.url().replace(PLAIN_ROLE, "postgres")) as connection:
        noted = connection.execute("SELECT patient_id FROM patient_reads").fetchall()

    assert [str(one) for (one,) in noted] == [made["id"]]
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert time.monotonic() - begun < 20


def test_a_server_that_is_told_to_stop_while_it_starts_leaves_nothing_behind(empty_folder: Path) -> None:
    users = empty_folder / "data" / "postgres" / ".handle_pids.json"
    with serving(empty_folder / "data", empty_folder / "log") as (process, _):
        wait_until(users.exists)
        database = postgres(empty_folder / "data")
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)

    assert has_ended(database)


def test_a_server_that_was_killed_leaves_its_port_and_its_database_to_the_next(used_folder: Path) -> None:
    port = str(free_port())
    with serving(used_folder, used_folder / "log", PORT=port) as (killed, _):
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(address))
        workers = psutil.Process(killed.pid).children()
        killed.kill()
        wait_until(lambda: all(map(has_ended, workers)))
    with serving(used_folder, used_folder / "log", PORT=port):
        wait_until(lambda: answers(address))
        database = postgres(used_folder)

    assert has_ended(database)


def test_a_port_that_is_taken_is_one_line_that_says_what_to_set(empty_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = clinic("serve", CLINIC_DATA_DIR=str(empty_folder / "data"), PORT=str(port))

    assert ended.returncode == 1
    assert ended.stderr == (
        f"Error: Nothing can listen on 127.0.0.1:{port} (Address already in use): "
        "set PORT to a free port and CLINIC_HOST to an address of this machine.\n"
    )
    assert not (empty_folder / "data").exists()
