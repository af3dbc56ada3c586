"""The audit log over HTTP: `/v1/audit`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from api.blueprints import Blueprint
from api.paging import cut, read_cursor, write_cursor
from booking.catalogue.audit_log import Entry, Place, list_entries
from booking.core.caller import Caller
from schemas.audit import AuditEntrySchema, AuditQuery
from schemas.base import page_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TIME_BYTES: Final = 8

blp = Blueprint(
    "audit", "audit", url_prefix="/v1/audit", description="Who did what, and who read whose records."
)


@blp.route("", methods=["GET"])
@blp.needs("audit:read")
@blp.arguments(AuditQuery, location="query")
@blp.response(200, page_of(AuditEntrySchema))
def list_audit_entries(caller: Caller, query: dict[str, Any]) -> Mapping[str, Any]:
    """List acts and reads of patients' records, the newest first.

    A read is here within two seconds. Entries of one patient are all those about the patient, their visits,
    courses, treatments, medical holds, waitlist and feeds.
    """
    limit: int = query["limit"]
    after = read_cursor(query["cursor"], _read) if "cursor" in query else None
    return cut(list_entries(caller, query, limit + 1, after), limit, _write)


def _write(last: Entry) -> str:
    micros = (last["at"] - _EPOCH) // _MICROSECOND
    return write_cursor(micros.to_bytes(_TIME_BYTES, "big") + last["id"].bytes)


def _read(place: bytes) -> Place:
    micros = int.from_bytes(place[:_TIME_BYTES], "big")
    return _EPOCH + micros * _MICROSECOND, UUID(bytes=place[_TIME_BYTES:])
