"""The desk's board over HTTP."""

from collections.abc import Sequence
from typing import Any

from api.blueprints import Blueprint
from api.included_patients import cards_of
from booking.appointments.board import board
from booking.core.caller import Caller
from schemas.schedule import ScheduleQuerySchema, ScheduleSchema

blp = Blueprint("schedule", "schedule", url_prefix="/v1/schedule", description="The desk's board.")


@blp.route("", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(ScheduleQuerySchema, location="query")
@blp.response(200, ScheduleSchema)
def get_schedule(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """Get every room, device and therapist of a location with open hours and what fills them."""
    shown = board(caller, query["location_id"], query["from_"], query["until"])
    return {
        "location_id": shown.location.id,
        "timezone": shown.location.zone.key,
        "from_": shown.first,
        "until": shown.until,
        "resources": _with_patients(caller, query, shown.rows),
    }


def _with_patients(
    caller: Caller, query: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    """Add the patients that the query asks for to the items of all rows."""
    cards = cards_of(caller, query, (item.get("patient_id") for row in rows for item in row["items"]))
    if cards is None:
        return rows
    return [
        {**row, "items": [{**item, "patient": cards[item.get("patient_id")]} for item in row["items"]]}
        for row in rows
    ]
