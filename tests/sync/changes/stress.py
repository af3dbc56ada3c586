"""Writers with overlapping transactions, and readers that must end up with the right copy.

Each way to follow appointments (changes, feed, calendar) has a class of reader. A reader looks again and
again while the writers write, once more when they have ended, and must then hold the clinic's appointments.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Event
from time import monotonic, sleep
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from models.database import Database
from tests.support.cast import Made
from tests.support.desk import Desk
from tests.sync.cast import Branches, Replica, settle, truth
from tests.sync.feeds.feeding import Subscriber, shown, subscribe
from tests.sync.phone import VISITS, Phone

WRITERS = 8
# A transaction stays open for so long at most after each of its writes.
OPEN_SECONDS = 0.08
UNDONE = 0.15

_SEQUENCE = re.compile(r"SEQUENCE:(\d+)")

_COLUMNS = """
    status, location_id, procedure_id, patient_id, therapist_id, areas, starts_at, procedure_at, ends_at,
    local_date, warnings, flags, overrides
"""
_OF_A_PHASE = "position, name, kind, starts_at, ends_at, patient, room_id, lane, therapist_id"
_COPY = text(f"""
    WITH visit AS (
        INSERT INTO appointments (clinic_id, id, {_COLUMNS})
        SELECT clinic_id, :id, 'no_show', {_COLUMNS.partition(",")[2]} FROM appointments WHERE id = :visit
    )
    INSERT INTO appointment_phases (clinic_id, appointment_id, {_OF_A_PHASE})
    SELECT clinic_id, :id, {_OF_A_PHASE}
    FROM appointment_phases WHERE appointment_id = :visit
""")  # noqa: S608 - our own names
_REVIVE = text("UPDATE appointments SET status = 'booked', patient_id = :patient WHERE id = :id")
_LOCK = text("SELECT id FROM appointments WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_GIVE = text("""
    WITH phases AS (
        UPDATE appointment_phases SET therapist_id = :therapist, room_id = :room WHERE appointment_id = :id
    )
    UPDATE appointments
    SET version = version + 1, updated_at = now(), therapist_id = :therapist, location_id = :location
    WHERE id = :id
""")


class Reader(Protocol):
    """A client that keeps a copy of some of a clinic's appointments."""

    name: str

    def look(self) -> None:
        """Apply the changes since the last look; before the final look all changes are visible."""

    def copy(self) -> dict[str, Any]:
        """Give the copy by id."""

    def expected(self) -> dict[str, Any]:
        """Give what the copy must be, once the writers have ended."""


class ChangesReader:
    """Follow `/v1/changes` of one scope, with pages of a given length."""

    def __init__(self, desk: Desk, limit: int, **scope: str) -> None:
        self.name = f"changes by {limit} of {scope or 'everything'}"
        self._limit, self._scope = limit, scope
        self._replica = Replica(desk, dict(scope))

    def look(self) -> None:
        self._replica.drain(settled=False, limit=self._limit)

    def copy(self) -> dict[str, Any]:
        return self._replica.copy

    def expected(self) -> dict[str, Any]:
        return truth(self._replica.desk, **self._scope)


class PhoneReader:
    """Follow a therapist's visits over CalDAV by name and version, with pages of a given length."""

    def __init__(self, desk: Desk, therapist: Made, limit: int | None = None) -> None:
        self.name = f"phone of {therapist['name']} by {limit}"
        self._desk, self._therapist, self._limit = desk, therapist, limit
        login = desk.made("/app-passwords", therapist_id=therapist["id"], name="Phone")
        self._phone = Phone(desk.app, login["username"], login["password"])
        self._copy: dict[str, Any] = {}

    def look(self) -> None:
        for name, body in self._phone.follow(VISITS, self._limit, settled=False).items():
            if body is None:
                self._copy.pop(name, None)
            else:
                self._copy[name] = _SEQUENCE.search(body)[1]

    def copy(self) -> dict[str, Any]:
        return self._copy

    def expected(self) -> dict[str, Any]:
        visits = truth(self._desk, therapist_id=self._therapist["id"])
        return {
            f"{id_}.ics": str(one["version"]) for id_, one in visits.items() if one["status"] != "no_show"
        }


class FeedReader:
    """Subscribe to a calendar feed of one thing, and ask for it only if it has changed."""

    def __init__(self, desk: Desk, **of: Made) -> None:
        self.name = f"feed of {[(name, one['id']) for name, one in of.items()]}"
        self._feed = subscribe(desk, "reference", **of)

    def look(self) -> None:
        self._feed.poll()

    def copy(self) -> dict[str, Any]:
        return _told(self._feed)

    def expected(self) -> dict[str, Any]:
        whole = replace(self._feed, tag=None, events={})
        whole.poll()
        return _told(whole)


def _told(feed: Subscriber) -> dict[str, Any]:
    return {id_: shown(event) for id_, event in feed.events.items()}


class NaiveReader:
    """Ask for appointments updated after the latest known update: a common method that loses changes."""

    name = "updated since"

    def __init__(self, desk: Desk, database: Database) -> None:
        self._desk, self._database = desk, database
        self._seen: Any = None
        self._copy: dict[str, Any] = {}

    def look(self) -> None:
        newer = "" if self._seen is None else "WHERE updated_at > :seen"
        statement = text(f"SELECT id, version, updated_at FROM appointments {newer} ORDER BY updated_at")  # noqa: S608 - ours
        with self._database.transaction(self._desk.clinic_id) as session:
            for id_, version, updated_at in session.execute(statement, {"seen": self._seen}):
                self._copy[str(id_)] = version
                self._seen = updated_at

    def copy(self) -> dict[str, Any]:
        return self._copy

    def expected(self) -> dict[str, Any]:
        return {id_: one["version"] for id_, one in truth(self._desk).items()}


def wrong(reader: Reader) -> list[str]:
    """Give the ids at which the reader's copy is wrong."""
    copy, expected = reader.copy(), reader.expected()
    return [id_ for id_ in copy.keys() | expected.keys() if copy.get(id_) != expected.get(id_)]


def run(
    database: Database, branches: Branches, readers: Sequence[Reader], visits: list[UUID], seconds: float
) -> int:
    """Let writers and readers work at once, then the readers once more; give the number of commits."""
    ended, end = Event(), monotonic() + seconds
    with ThreadPoolExecutor(WRITERS + len(readers)) as pool:
        reading = [pool.submit(_read, one, ended) for one in readers]
        writing = [
            pool.submit(_write, database, branches, visits, Random(seed), end) for seed in range(WRITERS)
        ]
        try:
            commits = sum(one.result() for one in writing)
            settle(branches.desk.app)
        finally:
            ended.set()
        for one in reading:
            one.result()
    return commits


def copies(database: Database, branches: Branches, visit: str, number: int) -> list[UUID]:
    """Copy a visit many times; the copies are no-shows, which take no time."""
    with database.transaction(branches.desk.clinic_id) as session:
        return [_copied(session, UUID(visit)) for _ in range(number)]


def revive(database: Database, branches: Branches, visits: Sequence[UUID]) -> None:
    """Make the copies booked visits of one patient each, since phones show only booked visits."""
    patients = branches.here.patients(len(visits))
    with database.transaction(branches.desk.clinic_id) as session:
        for visit, patient in zip(visits, patients, strict=True):
            session.execute(_REVIVE, {"id": visit, "patient": patient})


def _copied(session: Session, visit: UUID) -> UUID:
    fresh = uuid7()
    session.execute(_COPY, {"id": fresh, "visit": visit})
    return fresh


def _read(reader: Reader, ended: Event) -> None:
    while not ended.wait(0.1):
        reader.look()
    reader.look()


def _write(database: Database, branches: Branches, visits: list[UUID], chance: Random, end: float) -> int:
    commits = 0
    while monotonic() < end:
        undone = chance.random() < UNDONE
        with database.transaction(branches.desk.clinic_id) as session:
            # Locked once and in order, so that no two writers wait for each other.
            ids = session.scalars(_LOCK, {"ids": chance.sample(visits, chance.randint(1, 3))}).all()
            for id_ in ids:
                _act(session, branches, id_, chance)
                sleep(chance.random() * OPEN_SECONDS)
            if undone:
                session.rollback()
        commits += not undone
    return commits


def _act(session: Session, branches: Branches, visit: UUID, chance: Random) -> None:
    """Give a visit to another therapist, room and place, or make a copy of it."""
    if chance.random() < 0.1:
        _copied(session, visit)
        return
    far = chance.random() < 0.3
    rooms, location = (branches.far_rooms if far else branches.rooms), branches.locations[far]
    values = {"therapist": chance.choice(branches.therapists)["id"], "room": chance.choice(rooms)["id"]}
    session.execute(_GIVE, {**values, "location": location["id"], "id": visit})
