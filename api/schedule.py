"""The desk's board over HTTP."""

from typing import Any

from api.blueprints import Blueprint
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
        "resources": shown.rows,
    }
