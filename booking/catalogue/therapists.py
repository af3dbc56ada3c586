"""Therapists, which here means all bookable staff, with their qualifications and working hours."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from booking.catalogue.blocks import lay_out_again
from booking.catalogue.locations import LOCATION
from booking.claims.freed_time import ALWAYS, freed
from booking.core.caller import Caller
from booking.core.crud import Kind, Rows, Values, require, select_all
from booking.flags.flags import OF_CATALOGUE
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_of
from models import Qualification, Therapist, WorkingHours


def _check(caller: Caller, before: Values | None, after: Values) -> None:  # noqa: ARG001 - the hook's shape
    """Refuse a location that the clinic does not have."""
    known: set[UUID] = set()
    for name in ("qualifications", "working_hours"):
        for place, one in enumerate(after[name]):
            location_id = one["location_id"]
            if location_id is not None and location_id not in known:
                require(caller, LOCATION, location_id, f"/{name}/{place}/location_id")
                known.add(location_id)


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    if before is None or after is None:
        return ()
    moved = before["working_hours"] != after["working_hours"]
    if moved:
        lay_out_again(caller, [before["id"]])
        freed(caller, {one["location_id"] for one in after["working_hours"]}, *ALWAYS)
    if not moved and all(before[name] == after[name] for name in ("qualifications", "treats", "active")):
        return ()
    return affected_by(caller, visits_of(caller, before["id"]), OF_CATALOGUE)


THERAPIST = Kind(
    name="therapist",
    model=Therapist,
    rows={
        "qualifications": Rows(Qualification, "therapist_id", ("code", "id")),
        "working_hours": Rows(WorkingHours, "therapist_id", ("weekday", "starts", "id")),
    },
    check=_check,
    follow=_follow,
)


def select_therapists(caller: Caller, kind: Kind, query: Mapping[str, Any]) -> Select[Any]:
    """Select staff, by `active` and by the `location_id` where they have working hours."""
    selected = select_all(caller, kind, {"active": query["active"]} if "active" in query else None)
    if "location_id" not in query:
        return selected
    there = select(WorkingHours.therapist_id).where(
        WorkingHours.clinic_id == caller.clinic_id, WorkingHours.location_id == query["location_id"]
    )
    return selected.where(Therapist.id.in_(there))
