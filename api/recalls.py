"""Recalls over HTTP: `/v1/recalls`."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.included_patients import with_patients
from api.paging import cut, read_cursor, write_cursor
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
    description="Patients to call: for maintenance or review after a course, and for courses that stopped.",
)


@blp.route("", methods=["GET"])
@blp.needs("patients:read")
@blp.arguments(RecallQuerySchema, location="query")
@blp.response(200, page_of(RecallSchema))
def list_due_recalls(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the patients to call by a date, the longest due first.

    A patient who has a later session of the same family, performed or booked, is not listed; nor is a review
    after a later visit without treatment.
    """
    limit: int = query["limit"]
    after = read_cursor(query["cursor"], _read) if "cursor" in query else Place()
    found = list_recalls(
        caller, query["due_by"], limit + 1, after, query.get("kind"), query.get("location_id")
    )
    page = cut(found, limit, _write)
    return page | {"items": with_patients(caller, query, page["items"])}


def _write(last: Mapping[str, Any]) -> str:
    day = last["opens_on"].toordinal().to_bytes(_DATE_BYTES, "big")
    return write_cursor(day + last["course_id"].bytes + bytes([KINDS.index(last["kind"])]))


def _read(place: bytes) -> Place:
    day = date.fromordinal(int.from_bytes(place[:_DATE_BYTES], "big"))
    course_id = UUID(bytes=place[_DATE_BYTES : _PLACE_BYTES - 1])
    (kind,) = place[_PLACE_BYTES - 1 :]
    return Place(day, course_id, KINDS[kind])
