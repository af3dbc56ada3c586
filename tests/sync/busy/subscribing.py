"""Subscriptions to calendars on loopback, and what is told of them."""

from collections.abc import Callable
from typing import Any

from models import Event
from models.database import Database
from tests.support.cast import Made, rows
from tests.sync.calendars import event
from tests.sync.elsewhere import DAY, Elsewhere, at
from tests.sync.servers import Server, Talk

Site = Callable[[Talk], Server]
NOON, THREE = f"{DAY} 12:00/13:00", f"{DAY} 15:00/16:00"
LATER = "2027-01-04T08:20:00+00:00"


def busy(start: str = "12:00", end: str = "13:00", *lines: str, uid: str = "one") -> str:
    return event(*lines, uid=uid, start=at(start), end=at(end))


def made(elsewhere: Elsewhere, talk: Talk, site: Site, **fields: Any) -> tuple[Made, Server]:
    server = site(talk)
    path = "/cal/" if fields.get("kind") == "caldav" else "/busy.ics"
    return elsewhere.clinic.desk.made(elsewhere.calendars, url=server.url(path), **fields), server


def told(database: Database, elsewhere: Elsewhere) -> list[dict[str, Any]]:
    """Give the data of the events about calendars, but for their ids and versions."""
    found = [one for one in rows(database, elsewhere.clinic.desk, Event) if one.type.startswith("external")]
    assert {str(one.data["therapist_id"]) for one in found} <= {str(elsewhere.therapist_id)}
    return [{name: one.data[name] for name in ("status", "last_error", "unread_events")} for one in found]
