"""Times the API over HTTP, each operation beside the same rows in raw SQL and the trivial endpoint."""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import orjson

from api import clock
from bench import changes, feeds, patients, storm
from bench import clinic as bench_clinic
from bench.clinic import BenchClinic
from bench.raw import Raw
from bench.server import serving, worker_megabytes
from bench.timing import Series, timed, timed_in_turn
from bench.traffic import Client
from config import Settings
from migrations.runner import migrate
from models.database import Database
from models.postgres import database_url, stop_embedded

DAYS = 31
MOST_IN_A_STORM = 3
CLIENTS = 8
TRIVIAL_CALLS, SEARCHES, BOOKINGS, BOOKINGS_EACH = 400, 60, 120, 15
# Visits that start so far apart cannot meet, so each of these slots stays free until its own booking.
APART = timedelta(minutes=100)
HEADER = f"{'':46}{'calls':>6}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'x healthz':>11}{'x raw':>8}"


def main() -> None:
    """Start a database and a server of our own, print the figures, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="clinic-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        url = database_url(Settings(data_dir=folder))
        try:
            database = Database(url)
            migrate(database.engine)
            now = clock.now()
            clinic = bench_clinic.make(database, now)
            feed = feeds.fill(database, clinic, now)
            feed_key = changes.make(database, now)
            people = patients.make(database, now)
            neighbour = bench_clinic.make(database, now)
            database.close()
            with serving(url, folder) as (port, server):
                before = worker_megabytes(server)
                healthz = _measure(port, url, clinic, feed)
                _read_changes(port, feed_key, healthz)
                _search_patients(port, url, people, healthz)
                _storm(port, clinic, neighbour)
                _show_memory(before, worker_megabytes(server))
        finally:
            stop_embedded(folder / "postgres")


def _measure(port: int, url: str, clinic: BenchClinic, feed: str) -> Series:
    raw = Raw(url, clinic)
    with Client(port, clinic.key) as client:
        print(HEADER)
        healthz = timed(
            "GET /healthz (the trivial endpoint)", partial(_get, client, "/healthz"), range(TRIVIAL_CALLS)
        )
        _show(healthz)
        location = f"/v1/locations/{clinic.location_id}"
        one = timed("GET one location", partial(_get, client, location), range(TRIVIAL_CALLS))
        _show_pair(one, timed("  its row in raw SQL", raw.location, range(TRIVIAL_CALLS)), healthz)
        rows, slots, size = _search(client, raw, clinic, healthz)
        _search_for_a_patient(client, clinic, healthz)
        for series, floor in feeds.measure(client, feed):
            _show(series, f"{series.median / (floor or healthz).median:11.1f}")
            if floor is not None:
                _show(floor)
        fresh = _fresh_slots(client, clinic)
        booked = _book_one_by_one(client, raw, fresh[:BOOKINGS], healthz)
    raw.close()
    at_once = fresh[BOOKINGS : BOOKINGS + CLIENTS * BOOKINGS_EACH]
    _book_at_once(port, clinic.key, at_once)
    print(f"Availability reads {rows} busy intervals and answers {slots} slots in {size / 1024:.0f} KiB.")
    print(f"A booking writes {booked} rows.")
    return healthz


def _read_changes(port: int, key: str, healthz: Series) -> None:
    with Client(port, key) as client:
        for series in changes.measure(client):
            _show_beside(series, healthz)


def _search_patients(port: int, url: str, people: patients.People, healthz: Series) -> None:
    with Client(port, people.key) as client:
        for series, floor in patients.measure(client, url, people):
            _show_pair(series, floor, healthz)


def _storm(port: int, stormy: BenchClinic, neighbour: BenchClinic) -> None:
    """Time a neighbour's requests while another clinic's 40 threads send the dearest search."""
    dearest = _question(stormy, storm.DEAREST_DAYS) | {"rank": "compact"}
    question, location = _question(neighbour, DAYS), f"/v1/locations/{neighbour.location_id}"
    with Client(port, neighbour.key) as client:
        acts = {
            "a neighbour's location": partial(client.get, location),
            "a neighbour's availability": partial(client.get, "/v1/availability", question),
        }
        for quiet, stormed in storm.beside(port, stormy.key, dearest, acts, SEARCHES):
            _show(quiet)
            _show(stormed)
            ratio = stormed.median / quiet.median
            print(f"A storm next door makes it {ratio:.1f} times as long (floor: at most {MOST_IN_A_STORM}).")


def _get(client: Client, path: str, _: object) -> bytes:
    return client.get(path)


def _search(client: Client, raw: Raw, clinic: BenchClinic, healthz: Series) -> tuple[int, int, int]:
    """Time the search of 31 days; give how many rows it reads, and its answer's slots and bytes."""
    question = _question(clinic, DAYS)
    rooms = len(bench_clinic.ROOM_KINDS)
    name = f"availability: {bench_clinic.THERAPISTS} therapists, {rooms} rooms, {DAYS} days"
    found = timed(name, lambda _: client.get("/v1/availability", question), range(SEARCHES))
    floor = timed("  who is busy then, in raw SQL", lambda _: raw.occupied(DAYS), range(SEARCHES))
    _show_pair(found, floor, healthz)
    answer = client.get("/v1/availability", question)
    return raw.occupied(DAYS), len(orjson.loads(answer)["slots"]), len(answer)


def _search_for_a_patient(client: Client, clinic: BenchClinic, healthz: Series) -> None:
    """Time the same search for a patient with a long history, and the patient's eligibility."""
    anybody = _question(clinic, DAYS)
    somebody = anybody | {"patient_id": clinic.regular}
    without, with_patient = timed_in_turn(
        ("  without a patient, in turn with it", partial(client.get, "/v1/availability", anybody)),
        ("availability for a patient with a history", partial(client.get, "/v1/availability", somebody)),
        SEARCHES,
    )
    _show_beside(with_patient, healthz)
    _show(without)
    print(f"Availability with a patient costs {with_patient.median / without.median:.2f} times as much.")
    asked = {name: anybody[name] for name in ("procedure_id", "location_id")}
    eligibility = f"/v1/patients/{clinic.regular}/eligibility"
    _show_beside(
        timed("their eligibility", lambda _: client.get(eligibility, asked), range(SEARCHES)), healthz
    )


def _show_beside(series: Series, healthz: Series) -> None:
    _show(series, f"{series.median / healthz.median:11.1f}")


def _question(clinic: BenchClinic, days: int) -> dict[str, Any]:
    return {
        "procedure_id": clinic.procedure_id,
        "location_id": clinic.location_id,
        "from": clinic.first,
        "until": clinic.first + timedelta(days=days),
    }


def _fresh_slots(client: Client, clinic: BenchClinic) -> list[dict[str, Any]]:
    """Give bookings of different patients that do not stand in each other's way."""
    answer = orjson.loads(client.get("/v1/availability", _question(clinic, bench_clinic.DAYS)))
    starts = [slot["starts_at"] for slot in answer["slots"]]
    return [
        {
            "procedure_id": clinic.procedure_id,
            "location_id": clinic.location_id,
            "patient_id": patient_id,
            "starts_at": starts_at,
        }
        for patient_id, starts_at in zip(clinic.patients, _apart(starts), strict=False)
    ]


def _apart(starts: Sequence[str]) -> Iterator[str]:
    last: datetime | None = None
    for one in starts:
        at = datetime.fromisoformat(one)
        if last is None or at >= last + APART:
            yield one
            last = at


def _book_one_by_one(client: Client, raw: Raw, wanted: Sequence[dict[str, Any]], healthz: Series) -> int:
    """Time bookings and then copies of their rows; give the number of rows of a booking."""
    ids: list[UUID] = []

    def book(body: dict[str, Any]) -> None:
        ids.append(UUID(orjson.loads(client.post("/v1/appointments", body))["id"]))

    booked = timed("book with all checks, a fresh slot each", book, wanted)
    copies = raw.copies(ids)
    _show_pair(booked, timed("  the same rows in raw SQL", raw.write, copies), healthz)
    return sum(len(rows) for rows in copies[0].values())


def _book_at_once(port: int, key: str, wanted: Sequence[dict[str, Any]]) -> None:
    """Time bookings of several clients, each with a connection of its own."""

    def work(share: Sequence[dict[str, Any]]) -> Series:
        with Client(port, key) as client:
            return timed("", partial(client.post, "/v1/appointments"), share)

    begun = perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        parts = list(pool.map(work, [wanted[number::CLIENTS] for number in range(CLIENTS)]))
    seconds = perf_counter() - begun
    _show(Series(f"book, {CLIENTS} clients at once", tuple(took for part in parts for took in part.took)))
    print(f"{CLIENTS} clients book {len(wanted) / seconds:.0f} visits a second at one location.")


def _show_pair(api: Series, floor: Series, healthz: Series) -> None:
    _show(api, f"{api.median / healthz.median:11.1f}{api.median / floor.median:8.1f}")
    _show(floor)


def _show(series: Series, ratios: str = "") -> None:
    times = "".join(f"{series.percentile(share):9.2f}" for share in (0.5, 0.95, 0.99))
    print(f"{series.name:46}{len(series.took):6}{times}{ratios}")


def _show_memory(before: Sequence[float], after: Sequence[float]) -> None:
    print(f"Memory (RSS) of the largest worker: {max(before):.0f} MiB at first, {max(after):.0f} MiB now.")
