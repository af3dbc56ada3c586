"""Clients of the change feed, and the state that they must end up with."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from time import monotonic, sleep
from typing import Any

from flask import Flask
from sqlalchemy import text

from api.state import state_of
from tests.support.cast import Clinic, Made, create_clinic, create_location, create_room, create_therapist
from tests.support.copying import MakeClinic
from tests.support.desk import Desk

NOW = "2027-01-04T08:00:00+00:00"
TEN, ELEVEN, NOON = (f"2027-03-01T{hour}:00:00+00:00" for hour in (10, 11, 12))

PATIENCE_SECONDS = 60.0
_NEWEST = text("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)")
_HORIZON = text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")


@dataclass(frozen=True)
class Branches:
    """A clinic of two locations, with two rooms each, and two therapists who work at both."""

    desk: Desk
    locations: list[Made]
    rooms: list[Made]
    far_rooms: list[Made]
    therapists: list[Made]
    procedure: Made
    patient: Made

    @property
    def here(self) -> Clinic:
        """Give the clinic with its first location."""
        return Clinic(self.desk, self.locations[0], self.procedure, self.therapists[0], self.patient)

    @property
    def there(self) -> Clinic:
        """Give the clinic with its second location."""
        return replace(self.here, location=self.locations[1])

    def booked(self, starts_at: str, **fields: Any) -> Made:
        """Book a visit with the first therapist in the first room of the first location."""
        first = {"therapist_id": self.therapists[0]["id"], "room_id": self.rooms[0]["id"]}
        return self.here.booked(starts_at, **first | fields)

    def moved(self, visit: Made, starts_at: str) -> Made:
        """Move a visit to the first room of the second location."""
        place = {"location_id": self.locations[1]["id"], "room_id": self.far_rooms[0]["id"]}
        return self.here.acted("reschedule", visit, starts_at=starts_at, **place)


def create_branches(make_clinic: MakeClinic) -> Branches:
    """Create the clinic."""
    clinic = create_clinic(make_clinic().at(NOW), rooms=[])
    desk, far = clinic.desk, create_location(clinic.desk, name="Leeds")
    places = [clinic.location, far]
    rooms, far_rooms = (
        [create_room(desk, place, name=f"Room {number}") for number in (1, 2)] for place in places
    )
    therapists = [create_therapist(desk, *places, name=name) for name in ("Ada", "Ben")]
    return Branches(desk, places, rooms, far_rooms, therapists, clinic.procedure, clinic.patient)


@dataclass
class Replica:
    """A client of the feed: its copy by id, and the cursor that it has come to."""

    desk: Desk
    query: dict[str, Any] = field(default_factory=dict)
    cursor: str | None = None
    copy: dict[str, Made] = field(default_factory=dict)

    def page(self, **query: Any) -> Made:
        """Ask once from the cursor on, apply the answer to the copy and give it."""
        asked = {name: value for name, value in (self.query | query).items() if value is not None}
        answer = self.desk.get("/changes", **asked, cursor=self.cursor)
        assert answer.status_code == 200, answer.text
        page: Made = answer.get_json()
        self.cursor = page["next_cursor"]
        for item in page["items"]:
            if item["deleted"]:
                self.copy.pop(item["id"], None)
            else:
                self.copy[item["id"]] = item["appointment"]
        return page

    def drain(self, *, settled: bool = True, **query: Any) -> list[Made]:
        """Read all pages and give every item; by default wait first until all changes are visible."""
        if settled:
            settle(self.desk.app)
        return list(self._items(query))

    def _items(self, query: dict[str, Any]) -> Iterator[Made]:
        more = True
        while more:
            page = self.page(**query)
            yield from page["items"]
            more = page["has_more"]


def settle(app: Flask) -> None:
    """Wait until all present transactions have ended; those of other databases hold changes back too."""
    end, horizon = monotonic() + PATIENCE_SECONDS, -1
    with state_of(app).database.transaction() as session:
        newest: int = session.scalar(_NEWEST)
    while horizon < newest:
        assert monotonic() < end
        with state_of(app).database.transaction() as session:
            horizon = session.scalar(_HORIZON)
        sleep(0.01)


def told(items: list[Made]) -> list[tuple[str, bool]]:
    """Give each item's id and whether it is deleted."""
    return [(one["id"], one["deleted"]) for one in items]


def truth(desk: Desk, **query: Any) -> dict[str, Made]:
    """List the appointments that a replica must hold, by id."""
    found: dict[str, Made] = {}
    cursor = None
    while True:
        page = desk.get("/appointments", **query, limit=500, cursor=cursor).get_json()
        found |= {one["id"]: one for one in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found
