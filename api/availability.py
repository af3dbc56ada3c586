"""Availability over HTTP: slots, counts by day, the next slot, and the reasons against an instant."""

import hashlib
from typing import Any

import orjson
from flask import Response

from api.blueprints import Blueprint
from api.visit_requests import ignored_appointment, require_linked, shown_verdict, visit_request_of
from booking.appointments import book
from booking.core.caller import Caller
from booking.questions import availability
from scheduling.ticks import to_tick
from schemas.availability import (
    AvailabilityQuerySchema,
    DayListSchema,
    DaysQuerySchema,
    ExplainQuerySchema,
    ExplanationSchema,
    NextSlotSchema,
    SlotListSchema,
    WishSchema,
)

blp = Blueprint(
    "availability",
    "availability",
    url_prefix="/v1/availability",
    description="Times at which a visit can take place.",
)
ETAG = {
    "ETag": {
        "schema": {"type": "string"},
        "description": "The same until the answer changes, for If-None-Match.",
    }
}


@blp.route("", methods=["GET"])
@blp.needs("availability:read", public=True, token=True, link="reschedule", searches=True)
@blp.arguments(AvailabilityQuerySchema, location="query")
@blp.response(200, SlotListSchema, headers=ETAG)
def list_slots(caller: Caller, query: dict[str, Any]) -> Response:
    """List the slots of a range of local dates, at most 92 days.

    A slot in the list can be booked until another client takes it. `rank=compact` puts the slots first that
    keep the most further visits of the same kind possible on their day, then those that leave the least
    unusable time.

    At a location whose policy has `offer: "compact"`, publishable keys see only the slots of each day that
    cost the fewest further visits, at least three where a day has them; so do `/days` and `/next`. The other
    slots can still be booked. The ETag stays the same until the answer changes.
    """
    require_linked(caller, query)
    found = availability.find(
        caller, visit_request_of(query), query["from_"], query["until"], ignored_appointment(caller, query)
    )
    compact = query["rank"] == "compact"
    return _rendered(availability.list_slots(found, query.get("limit"), compact=compact))


@blp.route("/days", methods=["GET"])
@blp.needs("availability:read", public=True, token=True, link="reschedule", searches=True)
@blp.arguments(DaysQuerySchema, location="query")
@blp.response(200, DayListSchema, headers=ETAG)
def list_days(caller: Caller, query: dict[str, Any]) -> Response:
    """Count the slots of each local date, for the view of a month."""
    require_linked(caller, query)
    first, until = query["from_"], query["until"]
    found = availability.find(
        caller, visit_request_of(query), first, until, ignored_appointment(caller, query)
    )
    return _rendered({"days": availability.count_days(found, first, until)})


@blp.route("/next", methods=["GET"])
@blp.needs("availability:read", public=True, token=True, link="reschedule", searches=True)
@blp.arguments(WishSchema, location="query")
@blp.response(200, NextSlotSchema)
def get_next_slot(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """Get the first slot within the location's horizon.

    404 `no_slot` when there is none, with the `refusals` that stand against every day on which the location
    takes visits. When no reason stands against all of them, those are listed without which there would be a
    slot.
    """
    require_linked(caller, query)
    return availability.next_slot(caller, visit_request_of(query))


@blp.route("/explain", methods=["GET"])
@blp.needs("availability:read", token=True, link="reschedule", searches=True)
@blp.arguments(ExplainQuerySchema, location="query")
@blp.response(200, ExplanationSchema)
def explain_slot(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """Explain one instant: every reason against it, and near slots when there is one."""
    require_linked(caller, query)
    request, ignore = visit_request_of(query), ignored_appointment(caller, query)
    verdict = book.validate(caller, request, query["starts_at"], ignore=ignore)
    if not query["alternatives"]:
        return shown_verdict(caller, verdict)
    near: list[dict[str, Any]] = []
    if verdict.refusals:
        start = to_tick(query["starts_at"])
        near = availability.alternatives(caller, request, start, verdict.refusals, ignore)
    return shown_verdict(caller, verdict) | {"alternatives": near}


def _rendered(body: dict[str, Any]) -> Response:
    """Render a long answer directly: a schema would be slow for thousands of slots."""
    content = orjson.dumps(body)
    response = Response(content, mimetype="application/json")
    response.set_etag(hashlib.blake2b(content, digest_size=16).hexdigest())
    return response
