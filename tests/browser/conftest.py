"""A live server, the widget's page on origins of their own, and a browser that opens the page."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright

from config import PROJECT
from models.database import Database
from tests.browser.visitor import SCOPES, Visitor
from tests.support.cast import Clinic, create_clinic
from tests.support.desk import Desk
from tests.support.processes import data_folder, serving, wait_until

CHROMIUM = "chromium"
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True)
class Server:
    """A process that serves the product: its address, and the folder of the letters it would send."""

    address: str
    outbox: Path


@pytest.fixture(scope="session")
def server(database: Database) -> Iterator[Server]:
    """Run `clinic serve` on this run's database, in which the tests make their clinics."""
    with (
        data_folder() as folder,
        serving(folder, folder / "log", DATABASE_URL=database.url) as (process, address),
    ):
        wait_until(lambda: process.poll() is not None or _is_ready(address))
        assert process.poll() is None, (folder / "log").read_text()
        yield Server(address, folder / "outbox")


def _is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=10).ok
    except requests.ConnectionError:
        return False


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word on the terminal."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _pages() -> Iterator[str]:
    handler = partial(_Quiet, directory=str(PROJECT / "docs" / "widget"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{site.server_port}"
        finally:
            site.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def origins() -> Iterator[tuple[str, str]]:
    """Serve the page from two origins: the clinic's own, and another."""
    with _pages() as own, _pages() as other:
        yield own, other


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser with a profile of its own."""
    program = shutil.which(CHROMIUM)
    assert program, "Chromium is missing: install it, then run make test-browser"
    with sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=program, headless=True, chromium_sandbox=False, args=list(QUIET)
        )
        yield started
        started.close()


@pytest.fixture
def clinic(desk: Desk) -> Clinic:
    """Give a clinic of one therapist that is open now and on every day to come."""
    return create_clinic(desk.at(datetime.now(UTC).isoformat()))


@pytest.fixture
def opened(browser: Browser, server: Server, origins: tuple[str, str]) -> Iterator[Callable[..., Visitor]]:
    """Open the page of a clinic's widget for a visitor, by default from the clinic's own origin in London."""
    with ExitStack() as open_contexts:

        def give(clinic: Clinic, *, origin: str = origins[0], timezone: str = "Europe/London") -> Visitor:
            named = {"name": "Widget", "kind": "publishable", "origins": [origins[0]]}
            key = clinic.desk.made("/api-keys", scopes=list(SCOPES), **named)["key"]
            context = browser.new_context(locale="en-GB", timezone_id=timezone)
            open_contexts.callback(context.close)
            visitor = Visitor(context.new_page(), clinic, server.address, server.outbox, key)
            visitor.open(origin)
            return visitor

        yield give
