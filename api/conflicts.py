"""Conflicts over HTTP: `/v1/conflicts`."""

from struct import Struct
from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.paging import cut, read_cursor, write_cursor
from booking.core.caller import Caller
from schemas.base import page_of
from schemas.conflicts import ConflictQuery, ConflictSchema
from sync.busy.conflicts import Place, list_conflicts

_PLACE = Struct(">i16s16s16s")

blp = Blueprint(
    "conflicts",
    "conflicts",
    url_prefix="/v1/conflicts",
    description="Visits during which their therapist or assistant has become busy elsewhere.",
)


@blp.route("", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(ConflictQuery, location="query")
@blp.response(200, page_of(ConflictSchema))
def list_busy_conflicts(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the visits that overlap external busy time of their staff, by time.

    No visit is cancelled by it: the desk moves the visit, gives it to another therapist, or leaves it.
    """
    limit: int = query["limit"]
    after = read_cursor(query["cursor"], _read) if "cursor" in query else Place()
    found = cut(list_conflicts(caller, query, limit + 1, after), limit, lambda last: _write(last.place))
    return found | {"items": [conflict.shown for conflict in found["items"]]}


def _write(last: Place) -> str:
    ids = (last.appointment_id, last.resource_id, last.object_id)
    return write_cursor(_PLACE.pack(last.tick, *(id_.bytes for id_ in ids)))


def _read(place: bytes) -> Place:
    tick, *ids = _PLACE.unpack(place)
    return Place(tick, *(UUID(bytes=id_) for id_ in ids))
