"""Recalls over HTTP: `/v1/recalls`."""

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.problems import malformed
from booking.core.caller import Caller
from booking.courses.recalls import KINDS, Place, list_recalls
from schemas.base import page_of
from schemas.recalls import RecallQuerySchema, RecallSchema

_DATE_BYTES = 4
_PLACE_BYTES = _DATE_BYTES + 16 + 1

blp = Blueprint(
    "recalls",
    "recalls",
    url_prefix="/v1/recalls",
    description="Whom to call: maintenance and reviews after a course, and courses that were left lying.",
)


@blp.route("", methods=["GET"])
@blp.needs("patients:read")
@blp.arguments(RecallQuerySchema, location="query")
@blp.response(200, page_of(RecallSchema))
def list_due_recalls(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List whom to call by a date, those that are due longest first.

    Who has a later session of the same family, performed or booked, is not listed; nor is a review after
    a later visit without treatment.
    """
    limit: int = query["limit"]
    after = _read(query["cursor"]) if "cursor" in query else Place()
    found = list_recalls(
        caller, query["due_by"], limit + 1, after, query.get("kind"), query.get("location_id")
    )
    items = found[:limit]
    return {"items": items, "next_cursor": _write(items[-1]) if len(found) > limit else None}


def _write(last: Mapping[str, Any]) -> str:
    day = last["opens_on"].toordinal().to_bytes(_DATE_BYTES, "big")
    packed = day + last["course_id"].bytes + bytes([KINDS.index(last["kind"])])
    return base64.urlsafe_b64encode(packed).decode()


def _read(cursor: str) -> Place:
    try:
        packed = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        day = date.fromordinal(int.from_bytes(packed[:_DATE_BYTES], "big"))
        course_id = UUID(bytes=packed[_DATE_BYTES : _PLACE_BYTES - 1])
        (kind,) = packed[_PLACE_BYTES - 1 :]
        return Place(day, course_id, KINDS[kind])
    except (ValueError, OverflowError, IndexError):
        raise malformed([("?cursor", "Not a cursor of this list.")]) from None
