"""Hundreds of slow clients of every kind stop nobody else, however long they stay."""

import json
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from tests.support.processes import clinic, data_folder, serving, wait_until
from tests.support.sockets import SlowClients, kinds, probe_for

pytestmark = pytest.mark.embedded

SECONDS = 60
CLIENTS = 64


def test_the_server_answers_all_the_while() -> None:
    with data_folder() as folder, serving(folder / "data", folder / "log") as (process, url):
        wait_until(lambda: (folder / "log").exists() and _answers(url))
        named = ("--name", "A", "--timezone", "Europe/London", "--catalogue", "none")
        made = clinic("create-clinic", *named, CLINIC_DATA_DIR=str(folder / "data"))
        key = json.loads(made.stdout)["admin_key"]
        host, _, port = url.removeprefix("http://").partition(":")
        workers = psutil.Process(process.pid).children()
        with SlowClients((host, int(port)), key, CLIENTS), ThreadPoolExecutor(1) as threads:
            reads = threads.submit(_read_for, url, key)
            probes = probe_for((host, int(port)), SECONDS)
            statuses = reads.result()

        assert psutil.Process(process.pid).children() == workers
        assert probes > SECONDS
        assert statuses == {200}
        print(f"{probes} probes beside {CLIENTS} slow clients of each of {len(kinds(key))} kinds")  # noqa: T201 - a figure


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=30).ok
    except requests.ConnectionError:
        return False


def _read_for(url: str, key: str) -> set[int]:
    """List the locations as often as there are seconds, and give the statuses of the answers."""
    header = {"Authorization": f"Bearer {key}"}
    with requests.Session() as session:
        return {
            session.get(f"{url}/v1/locations", headers=header, timeout=30).status_code
            for _ in range(SECONDS * 5)
        }
