"""Conflicts over HTTP: `/v1/conflicts`."""

import base64
from struct import Struct, error
from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.problems import malformed
from booking.core.caller import Caller
from schemas.base import page_of
from schemas.conflicts import ConflictQuery, ConflictSchema
from sync.busy.conflicts import Place, list_conflicts

_PLACE = Struct(">i16s16s16s")

blp = Blueprint(
    "conflicts",
    "conflicts",
    url_prefix="/v1/conflicts",
    description="Visits over which somebody who treats or assists has become busy elsewhere.",
)


@blp.route("", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(ConflictQuery, location="query")
@blp.response(200, page_of(ConflictSchema))
def list_busy_conflicts(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List visits that outside busy time lies over, by time.

    Nobody is cancelled by it: the desk moves the visit, gives it to somebody else, or leaves it.
    """
    limit: int = query["limit"]
    after = _read(query["cursor"]) if "cursor" in query else Place()
    found = list_conflicts(caller, query, limit + 1, after)
    items = found[:limit]
    more = len(found) > limit
    return {"items": [one.shown for one in items], "next_cursor": _write(items[-1].place) if more else None}


def _write(last: Place) -> str:
    ids = (last.appointment_id, last.resource_id, last.object_id)
    return base64.urlsafe_b64encode(_PLACE.pack(last.tick, *(one.bytes for one in ids))).decode()


def _read(cursor: str) -> Place:
    try:
        tick, *ids = _PLACE.unpack(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
        return Place(tick, *(UUID(bytes=one) for one in ids))
    except (ValueError, error):
        raise malformed([("?cursor", "Not a cursor of this list.")]) from None
