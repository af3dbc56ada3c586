"""Subscribers of calendar feeds, and readers of calendars."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from icalendar import Calendar, Event
from werkzeug.test import TestResponse

from tests.support.cast import Made
from tests.support.desk import Desk
from tests.sync.cast import settle


@dataclass
class Subscriber:
    """A calendar program that knows a feed's address: its copy, and the tag that came with it."""

    desk: Desk
    url: str
    tag: str | None = None
    events: dict[str, Event] = field(default_factory=dict)

    def ask(self, method: str = "GET", **headers: str) -> TestResponse:
        """Ask for the calendar without a key, at the desk's instant."""
        at = {"X-Clinic-Now": self.desk.now} if self.desk.now else {}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.desk.app.test_client().open(urlsplit(self.url).path, method=method, headers=at | sent)

    def poll(self) -> int:
        """Ask with the known tag, keep the answer and give its status."""
        answer = self.ask(**{"If-None-Match": self.tag} if self.tag else {})
        if answer.status_code == 200:
            self.tag = answer.headers["ETag"]
            self.events = {str(event["UID"]): event for event in parsed(answer).events}
        return answer.status_code

    def settle(self) -> None:
        """Poll once all changes are visible: a change that is held back would move the tag later."""
        settle(self.desk.app)
        self.poll()

    def event(self, visit: Made) -> Event | None:
        """Poll and give the visit's event, if the calendar shows it."""
        self.poll()
        return self.events.get(visit["id"])

    def at(self, now: str) -> "Subscriber":
        """Give the same subscriber at another instant."""
        return Subscriber(self.desk.at(now), self.url, self.tag, dict(self.events))


def subscribe(desk: Desk, detail: str = "busy", **of: Made) -> Subscriber:
    """Make a feed of a `resource`, a `location` or a `patient`, and subscribe to it."""
    body = {f"{name}_id": one["id"] for name, one in of.items()}
    return Subscriber(desk, desk.made("/calendar-feeds", **body, detail=detail)["url"])


def parsed(answer: TestResponse) -> Calendar:
    """Read an answer as another library does."""
    assert answer.status_code == 200, answer.text
    return Calendar.from_ical(answer.get_data())


def shown(event: Event) -> dict[str, Any]:
    """Give the fields of an event as text."""
    return {name: value.to_ical().decode() for name, value in event.items()}
