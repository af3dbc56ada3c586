"""The change feed over HTTP: `/v1/changes`."""

from collections.abc import Mapping
from typing import Any, Final

from flask import g

from api.blueprints import Blueprint
from api.polling import Seen, until_news
from api.state import state
from booking.core.caller import Caller
from schemas.changes import ChangesQuerySchema, ChangesSchema
from sync.changes import changes
from sync.changes.changes import Page

HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}

blp = Blueprint(
    "changes",
    "changes",
    url_prefix="/v1/changes",
    description="What has changed since a cursor: how other systems keep a copy that stays right.",
)


@blp.route("", methods=["GET"])
@blp.needs("changes:read", fails=(410,), looks=until_news)
@blp.arguments(ChangesQuerySchema, location="query")
@blp.response(200, ChangesSchema)
def list_changes(caller: Caller, query: dict[str, Any]) -> tuple[Page, Mapping[str, str]]:
    """List what has changed since a cursor, or everything there is.

    Each appointment comes as it is now, however often it has changed meanwhile; one that has left the scope
    comes as `deleted`. Ask again with `next_cursor`: at once while `has_more`, otherwise later or with
    `wait`. 410 `cursor_expired` when the cursor is older than 90 days or from before a restore: begin again
    without one and forget what does not come.
    """
    heard = state().waiting.heard(caller.clinic_id)
    named = {name: query[name] for name in changes.KINDS if name in query}
    page = changes.read(caller, named, query.get("cursor"), query["limit"])
    g.seen = Seen(caller.clinic_id, heard, bool(page.items), page.pending, query["wait"])
    return page, HEADERS
