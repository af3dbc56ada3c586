"""Calendar feeds over HTTP: `/v1/calendar-feeds` to manage them, `/calendars/{token}.ics` to read one."""

import gzip
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import flask
from flask import Response, g, request
from sqlalchemy.orm import Session

from api import clock
from api.api_keys import SHOWN_ONCE
from api.blueprints import Blueprint
from api.etags import expected_version
from api.paging import page
from api.requests import clinical_now
from api.state import state
from api.transactions import run
from booking.callers import Caller
from models.calendar_feeds import CalendarFeed, open_feed
from schemas.base import QueryArgs, page_of
from schemas.calendar_feeds import CalendarFeedSchema, NewCalendarFeedSchema
from sync import calendar_feeds as feeds
from sync.feeds import render, tag_of

_GZIP_LEVEL: Final = 5
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "private, max-age=300",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Encoding",
}

blp = Blueprint(
    "calendar-feeds",
    "calendar-feeds",
    url_prefix="/v1/calendar-feeds",
    description="Calendars to subscribe to, each by an address of its own.",
)
calendars = flask.Blueprint("calendars", "calendars")


@blp.route("", methods=["GET"])
@blp.needs("feeds:manage")
@blp.arguments(QueryArgs, location="query")
@blp.response(200, page_of(CalendarFeedSchema))
def list_calendar_feeds(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the calendar feeds, oldest first."""
    return page(caller.session, feeds.select_calendar_feeds(caller), CalendarFeed, query)


@blp.route("", methods=["POST"])
@blp.needs("feeds:manage")
@blp.arguments(CalendarFeedSchema)
@blp.response(201, NewCalendarFeedSchema)
def create_calendar_feed(caller: Caller, body: dict[str, Any]) -> tuple[CalendarFeed, Mapping[str, str]]:
    """Create a calendar feed; its `url` is shown this once."""
    return _shown(*feeds.create_calendar_feed(caller, body)), SHOWN_ONCE


@blp.route("/<uuid:feed_id>", methods=["GET"])
@blp.needs("feeds:manage")
@blp.response(200, CalendarFeedSchema)
def get_calendar_feed(caller: Caller, feed_id: UUID) -> CalendarFeed:
    """Get a calendar feed."""
    return feeds.get_calendar_feed(caller, feed_id)


@blp.route("/<uuid:feed_id>", methods=["DELETE"])
@blp.needs("feeds:manage", fails=(412,))
@blp.response(204)
def revoke_calendar_feed(caller: Caller, feed_id: UUID) -> None:
    """Revoke a calendar feed; its address is dead at once."""
    feeds.revoke_calendar_feed(caller, feed_id, expected_version())


@blp.route("/<uuid:feed_id>/rotate", methods=["POST"])
@blp.needs("feeds:manage", fails=(412,))
@blp.response(200, NewCalendarFeedSchema)
def rotate_calendar_feed(caller: Caller, feed_id: UUID) -> tuple[CalendarFeed, Mapping[str, str]]:
    """Give a calendar feed a new address; the old one is dead at once."""
    return _shown(*feeds.rotate_calendar_feed(caller, feed_id, expected_version())), SHOWN_ONCE


def _shown(feed: CalendarFeed, token: str) -> CalendarFeed:
    """Let the answer carry the address, which no column holds."""
    base = state().settings.public_url or request.host_url.rstrip("/")
    feed.url = f"{base}/calendars/{token}.ics"  # type: ignore[attr-defined]
    return feed


@calendars.route("/calendars/<token>.ics")
def read_calendar(token: str) -> Response:
    """Serve a calendar to whoever knows its address; 304 to who has it, 404 for any other address."""
    now = clinical_now(sandbox=state().settings.sandbox)
    return run(state().database, lambda session: _read(session, token, now))


def _read(session: Session, token: str, now: datetime) -> Response:
    feed = open_feed(session, feeds.digest(token))
    if feed is None:
        return Response("There is no such calendar.\n", 404, content_type="text/plain; charset=utf-8")
    g.clinic_id = feed.clinic_id
    tag = tag_of(feed, now)
    response = Response(content_type="text/calendar; charset=utf-8", headers=dict(_HEADERS))
    # Weak, as it stands for the compressed form too.
    response.set_etag(tag, weak=True)
    if request.if_none_match.contains_weak(tag) or request.if_none_match.star_tag:
        response.status_code = 304
        return response
    # Read after the tag: a calendar may be newer than its tag says, never older.
    body = render(Caller(session, feed.clinic_id, now, real_now=clock.now()), feed)
    if request.accept_encodings["gzip"] > 0:
        response.headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    response.set_data(body)
    return response
