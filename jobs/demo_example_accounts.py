"""Adds a key, calendars and a webhook to the demo clinic, which the examples of the API's document name."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from booking.catalogue.api_keys import create_api_key
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from jobs.demo_naming import make, named
from models import ApiKey, CalendarFeed, WebhookDelivery, WebhookEndpoint
from models.app_passwords import AppPassword
from schemas.demo_ids import DEMO_IDS
from schemas.external_calendars import ExternalCalendarSchema
from sync.busy.external_calendars import ExternalCalendars
from sync.caldav.app_passwords import create_app_password
from sync.feeds.calendar_feeds import create_calendar_feed
from sync.webhooks.endpoints import create_webhook

_NEVER: Final = datetime(2100, 1, 1, tzinfo=UTC)
_FAILED: Final = 10


def add_accounts(caller: Caller) -> None:
    """Add what belongs to other programs; nothing of it calls another server until a client asks for that."""
    for known, name in (("key", "Reception"), ("key_to_revoke", "Old reception")):
        with named(caller, ApiKey, known):
            create_api_key(caller, {"name": name, "kind": "secret", "scopes": ["appointments:read"]})
    therapist = {"therapist_id": DEMO_IDS["therapist"]}
    with named(caller, CalendarFeed, "feed"):
        of_location = {"resource_id": None, "location_id": DEMO_IDS["location"], "patient_id": None}
        create_calendar_feed(caller, of_location | {"detail": "busy"})
    with named(caller, AppPassword, "password"):
        create_app_password(caller, therapist | {"name": "Tom's phone"})
    calendar = {"url": "https://calendar.example.org/tom.ics"}
    # It is due for its first fetch at the end of the century.
    later = replace(caller, real_now=_NEVER)
    make(later, "external_calendar", ExternalCalendars, ExternalCalendarSchema, calendar, **therapist)
    _add_webhook(caller)


def _add_webhook(caller: Caller) -> None:
    """Add a webhook for an event that the demo clinic does not have, and a ping that has failed."""
    hook = {"url": "https://example.org/clinic", "events": ["course.lapsed"], "description": "Recalls"}
    with named(caller, WebhookEndpoint, "webhook"):
        create_webhook(caller, hook, allow_loopback=False)
    ping: dict[str, Any] = {
        "clinic_id": caller.clinic_id,
        "id": DEMO_IDS["delivery"],
        "endpoint_id": DEMO_IDS["webhook"],
        "event_id": None,
        "type": "ping",
        "status": "failed",
        "attempts": [],
        "tries": _FAILED,
        "next_attempt_at": None,
    }
    insert_rows(caller.session, (WebhookDelivery, [ping]))
