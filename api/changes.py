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
    description="Changes since a cursor, by which other systems keep an exact copy.",
)


@blp.route("", methods=["GET"])
@blp.needs("changes:read", fails=(410,), looks=until_news)
@blp.arguments(ChangesQuerySchema, location="query")
@blp.response(200, ChangesSchema)
def list_changes(caller: Caller, query: dict[str, Any]) -> tuple[Page, Mapping[str, str]]:
    """List the appointments that have changed since a cursor, or all of them.

    Each appointment comes once, as it is now; an appointment that has left the scope comes as `deleted`. Ask
    again with `next_cursor`: at once while `has_more`, otherwise later or with `wait`. 410 `cursor_expired`
    when the cursor is older than 90 days or from before a restore: begin again without a cursor, and delete
    the appointments that do not come.
    """
    heard = state().waiting.heard(caller.clinic_id)
    named = {name: query[name] for name in changes.KINDS if name in query}
    page = changes.read(caller, named, query.get("cursor"), query["limit"])
    g.seen = Seen(caller.clinic_id, heard, bool(page.items), page.pending, query["wait"])
    return page, HEADERS
