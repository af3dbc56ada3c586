"""Lists the visits that overlap a therapist's external busy time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from booking.core.caller import Caller
from booking.questions.catalog import load_catalog
from models.appointments import LONGEST_OCCUPANCY
from models.statuses import UNFINISHED
from scheduling.ticks import from_tick, to_tick

# No occupancy is longer than a day, so the bound on its end lets an index find all that overlap.
_LIST: Final = text("""
    SELECT a.id, a.location_id, b.resource_id, a.starts_at, a.ends_at, b.busy_object_id,
           c.external_calendar_id, min(b.start_tick) AS first, max(b.end_tick) AS last
    FROM external_busy b
    JOIN busy_objects c ON c.clinic_id = b.clinic_id AND c.id = b.busy_object_id
    JOIN occupancies o ON o.clinic_id = b.clinic_id AND o.resource_id = b.resource_id
        AND o.end_tick > b.start_tick AND o.end_tick < b.end_tick + :longest AND o.start_tick < b.end_tick
    JOIN appointments a ON a.clinic_id = o.clinic_id AND a.id = o.appointment_id
    WHERE b.clinic_id = :clinic_id AND a.status = ANY(:live)
      AND (CAST(:therapist_id AS uuid) IS NULL OR b.resource_id = :therapist_id)
      AND (CAST(:location_id AS uuid) IS NULL OR a.location_id = :location_id)
      AND (CAST(:seen AS uuid[]) IS NULL OR a.location_id = ANY(:seen))
      AND (CAST(:on AS date) IS NOT NULL OR a.ends_at > :now)
      AND (CAST(:on AS date) IS NULL OR a.local_date >= :on)
      AND (CAST(:until AS date) IS NULL OR a.local_date < :until)
      AND (a.starts_at, a.id, b.resource_id, b.busy_object_id)
          > (to_timestamp(:tick * 300::double precision), :appointment_id, :resource_id, :object_id)
    GROUP BY a.clinic_id, a.id, b.resource_id, b.busy_object_id, c.external_calendar_id
    ORDER BY a.starts_at, a.id, b.resource_id, b.busy_object_id
    LIMIT :most
""")
_NONE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Place:
    """A conflict's place in the list: the visit's first tick, and the ids of visit, therapist and object."""

    tick: int = 0
    appointment_id: UUID = _NONE
    resource_id: UUID = _NONE
    object_id: UUID = _NONE


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict as clients see it, and its place in the list."""

    shown: Mapping[str, Any]
    place: Place


def list_conflicts(caller: Caller, query: Mapping[str, Any], most: int, after: Place) -> list[Conflict]:
    """Give the next conflicts at the caller's locations, in order of the visits' time."""
    seen = None if caller.location_ids is None else list(caller.location_ids)
    values = {
        "clinic_id": caller.clinic_id,
        "live": list(UNFINISHED),
        "longest": LONGEST_OCCUPANCY,
        "therapist_id": query.get("therapist_id"),
        "location_id": query.get("location_id"),
        "seen": seen,
        "now": caller.now,
        "on": query.get("from_"),
        "until": query.get("until"),
        "tick": after.tick,
        "appointment_id": after.appointment_id,
        "resource_id": after.resource_id,
        "object_id": after.object_id,
        "most": most,
    }
    locations = load_catalog(caller).engine.locations
    return [_conflict(row, locations[row.location_id].zone) for row in caller.session.execute(_LIST, values)]


def _conflict(row: Any, zone: ZoneInfo) -> Conflict:  # noqa: ANN401 - a row of the query
    shown = {
        "appointment_id": row.id,
        "location_id": row.location_id,
        "therapist_id": row.resource_id,
        "starts_at": row.starts_at.astimezone(zone),
        "ends_at": row.ends_at.astimezone(zone),
        "source": {
            "external_calendar_id": row.external_calendar_id,
            "starts_at": from_tick(row.first).astimezone(zone),
            "ends_at": from_tick(row.last).astimezone(zone),
        },
    }
    return Conflict(shown, Place(to_tick(row.starts_at), row.id, row.resource_id, row.busy_object_id))
