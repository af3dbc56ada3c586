"""Calendar feeds over HTTP: `/v1/calendar-feeds` to manage them, `/calendars/{token}.ics` to read one."""

import gzip
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import flask
from flask import Response, g, request

from api import clock
from api.admission import count_calendar, count_failure
from api.api_keys import SHOWN_ONCE
from api.blueprints import Blueprint
from api.etags import Version, expected_version
from api.paging import page
from api.requests import clinical_now
from api.state import address, state
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.core.tokens import digest_of
from models.calendar_feeds import CalendarFeed, FeedRow, open_feed
from schemas.base import QueryArgs, page_of
from schemas.calendar_feeds import CalendarFeedSchema, NewCalendarFeedSchema
from sync.feeds import calendar_feeds as feeds
from sync.feeds.feeds import render, tag_of

_GZIP_LEVEL: Final = 5
# The address is the secret: no page may pass it on to another site, no search engine may keep it.
_SECRET: Final[dict[str, str]] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_KEPT: Final[dict[str, str]] = {"Cache-Control": "private, max-age=300", "Vary": "Accept-Encoding"}

blp = Blueprint(
    "calendar-feeds",
    "calendar-feeds",
    url_prefix="/v1/calendar-feeds",
    description="Calendars to subscribe to, each at a secret address of its own.",
)
calendars = flask.Blueprint("calendars", "calendars")


@blp.route("", methods=["GET"])
@blp.needs("feeds:manage")
@blp.arguments(QueryArgs, location="query")
@blp.response(200, page_of(CalendarFeedSchema))
def list_calendar_feeds(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the calendar feeds, by default oldest first."""
    return page(caller.session, feeds.select_calendar_feeds(caller), CalendarFeed, query)


@blp.route("", methods=["POST"])
@blp.needs("feeds:manage")
@blp.arguments(CalendarFeedSchema)
@blp.response(201, NewCalendarFeedSchema)
def create_calendar_feed(caller: Caller, body: dict[str, Any]) -> tuple[Values, Mapping[str, str]]:
    """Create a calendar feed; its `url` is shown this once."""
    return _shown(feeds.create_calendar_feed(caller, body)), SHOWN_ONCE


@blp.route("/<uuid:feed_id>", methods=["GET"])
@blp.needs("feeds:manage")
@blp.response(200, CalendarFeedSchema)
def get_calendar_feed(caller: Caller, feed_id: UUID) -> Values:
    """Get a calendar feed."""
    return feeds.get_calendar_feed(caller, feed_id)


@blp.route("/<uuid:feed_id>", methods=["DELETE"])
@blp.needs("feeds:manage")
@blp.response(204)
def revoke_calendar_feed(caller: Caller, feed_id: UUID) -> None:
    """Revoke a calendar feed; its address ends at once."""
    feeds.revoke_calendar_feed(caller, feed_id, expected_version())


@blp.action("/<uuid:feed_id>/rotate", "feeds:manage", NewCalendarFeedSchema, version=Version.OPTIONAL)
def rotate_calendar_feed(
    caller: Caller, feed_id: UUID, expected: int | None
) -> tuple[Values, Mapping[str, str]]:
    """Give a calendar feed a new address; the old address ends at once."""
    return _shown(feeds.rotate_calendar_feed(caller, feed_id, expected)), SHOWN_ONCE


def _shown(feed: Values) -> Values:
    return feed | {"url": f"{address()}/calendars/{feed['token']}.ics"}


@calendars.route("/calendars/<token>.ics")
def read_calendar(token: str) -> Response:
    """Serve the calendar of a secret address; 304 when the client has it, 404 for any other address."""
    now, token_hash = clinical_now(sandbox=state().settings.sandbox), digest_of(token)
    # For a client that has no copy yet the first look would be wasted.
    known = _unchanged(token_hash, now) if request.if_none_match else None
    return known or _whole(token_hash, now)


def _unchanged(token_hash: bytes, now: datetime) -> Response | None:
    """Answer a client that has the calendar as it is by one round trip to the database."""
    with state().database.glance() as connection:
        feed = open_feed(connection, token_hash)
    if feed is not None:
        count_calendar(feed.id)
    if feed is None or not request.if_none_match.contains_weak(tag_of(feed, now)):
        return None
    response = _stamped(Response(status=304), feed, now)
    response.headers.remove("Content-Type")
    return response


def _whole(token_hash: bytes, now: datetime) -> Response:
    # The tag and the body are read in one snapshot, so that they belong together.
    with state().database.transaction(one_snapshot=True) as session:
        feed = open_feed(session, token_hash)
        if feed is None:
            count_failure()
            return Response("There is no such calendar.\n", 404, headers=_SECRET, mimetype="text/plain")
        count_calendar(feed.id)
        body = render(Caller(session, feed.clinic_id, now, real_now=clock.now()), feed)
    response = Response(content_type="text/calendar; charset=utf-8")
    if request.accept_encodings.quality("gzip") > 0:
        response.headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    response.set_data(body)
    return _stamped(response, feed, now)


def _stamped(response: Response, feed: FeedRow, now: datetime) -> Response:
    g.clinic_id = feed.clinic_id
    state().notes.use("calendar_feeds", feed.clinic_id, feed.id)
    response.headers.update(_SECRET | _KEPT)
    # The tag is weak, because it stands for the compressed form too.
    response.set_etag(tag_of(feed, now), weak=True)
    return response
