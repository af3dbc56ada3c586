"""Calendars of staff elsewhere over HTTP: `/v1/therapists/{therapist_id}/external-calendars`."""

from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.crud import Offer, serve
from api.etags import expected_version
from api.outside_calls import outside
from api.state import allow_loopback
from booking.catalogue.therapists import Therapists
from booking.core.caller import Caller
from booking.core.crud import Values
from schemas.base import patch_of
from schemas.external_calendars import ExternalCalendarQuery, ExternalCalendarSchema
from sync.busy import external_calendars
from sync.busy.external_calendars import ExternalCalendars

blp = Blueprint(
    "external-calendars",
    "external-calendars",
    url_prefix="/v1/therapists/<uuid:therapist_id>/external-calendars",
    description="Calendars on other servers: their busy time is not offered, and cancels no visit.",
)
serve(
    blp,
    Offer(
        ExternalCalendars,
        ExternalCalendarSchema,
        ExternalCalendarQuery,
        within=Therapists,
        without=frozenset({"create", "update"}),
    ),
)


@blp.route("", methods=["POST"])
@blp.needs("catalog:write", fails=(409,))
@blp.arguments(ExternalCalendarSchema)
@blp.response(201, ExternalCalendarSchema)
def create_external_calendar(caller: Caller, body: dict[str, Any], therapist_id: UUID) -> Values:
    """Add an external calendar, in whose busy time a therapist gets no visits.

    The calendar is fetched at once, in the background, and every quarter of an hour. By any CalDAV address of
    an account its calendars are found: the only one is taken, and of several (409 `several_calendars`) the
    URLs are given, to be sent one by one. 422 when there is none.
    """
    Therapists(caller).require(therapist_id)
    values = body | {"therapist_id": therapist_id}
    return external_calendars.create(caller, values, outside, allow_loopback=allow_loopback())


@blp.route("/<uuid:external_calendar_id>", methods=["PATCH"])
@blp.needs("catalog:write", fails=(409,))
@blp.arguments(patch_of(ExternalCalendarSchema, *ExternalCalendars.fixed))
@blp.response(200, ExternalCalendarSchema)
def update_external_calendar(
    caller: Caller, body: dict[str, Any], therapist_id: UUID, external_calendar_id: UUID
) -> Values:
    """Change an external calendar's URL or login, and fetch it at once."""
    expected = expected_version(body)
    Therapists(caller).require(therapist_id)
    return external_calendars.change(
        caller,
        external_calendar_id,
        body,
        expected,
        {"therapist_id": therapist_id},
        outside,
        allow_loopback=allow_loopback(),
    )


@blp.action("/<uuid:external_calendar_id>/refresh", "catalog:write", ExternalCalendarSchema, status=202)
def refresh_external_calendar(caller: Caller, therapist_id: UUID, external_calendar_id: UUID) -> Values:
    """Fetch an external calendar at once, in the background."""
    Therapists(caller).require(therapist_id)
    return external_calendars.refresh(caller, external_calendar_id, {"therapist_id": therapist_id})
