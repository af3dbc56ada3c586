"""Loads the time in which staff are on the way between locations, by their visits elsewhere."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog
from models import Appointment
from models.appointments import LONGEST_OCCUPANCY
from scheduling.bits import Busy, Window, unpacked
from scheduling.catalog import Location
from scheduling.questions import Claim
from scheduling.travel import longest_way, way_bits, way_to

TRAVELLING: Final = "therapist_travelling"
# An override is valid at the time and the place that it was given for.
_OVERRIDDEN: Final = """
    EXISTS (
        SELECT FROM jsonb_array_elements(a.overrides) AS one
        WHERE one -> 'codes' @> '["therapist_travelling"]' AND one ->> 'location_id' = a.location_id::text
          AND CAST(one ->> 'starts_at' AS timestamptz) = a.starts_at
    )
"""
_LIVE: Final = "(a.status <> 'held' OR a.expires_at > CAST(:real_now AS timestamptz))"
_ELSEWHERE: Final = text(f"""
    SELECT o.resource_id, a.location_id,
           string_agg(int4send(o.start_tick) || int4send(o.end_tick), ''::bytea ORDER BY o.end_tick)
    FROM occupancies o JOIN appointments a ON a.clinic_id = o.clinic_id AND a.id = o.appointment_id
    WHERE o.clinic_id = :clinic_id AND o.resource_id = ANY(CAST(:staff AS uuid[]))
      AND o.end_tick > :first AND o.end_tick < :last + :longest AND o.start_tick < :last
      AND a.location_id = ANY(CAST(:places AS uuid[])) AND a.id <> ALL(CAST(:without AS uuid[]))
      AND {_LIVE} AND NOT (:stays AND {_OVERRIDDEN})
    GROUP BY o.resource_id, a.location_id
""")  # noqa: S608 - no part comes from a request
_BESIDE: Final = text(f"""
    SELECT own.appointment_id, o.resource_id, a.location_id, o.start_tick, o.end_tick
    FROM occupancies own
    JOIN occupancies o ON o.clinic_id = own.clinic_id AND o.resource_id = own.resource_id
        AND o.appointment_id <> own.appointment_id
        AND o.end_tick > own.start_tick - :most AND o.end_tick < own.end_tick + :most + :longest
        AND o.start_tick < own.end_tick + :most
    JOIN appointments a ON a.clinic_id = o.clinic_id AND a.id = o.appointment_id
    WHERE own.clinic_id = :clinic_id AND own.appointment_id = ANY(CAST(:ids AS uuid[]))
      AND own.resource_id = ANY(CAST(:staff AS uuid[])) AND {_LIVE} AND NOT {_OVERRIDDEN}
""")  # noqa: S608 - no part comes from a request


# An override of `therapist_travelling` says that the person manages the way between its visit and those
# around it. So the visits around it are not refused for it either as long as they stay: when they are judged
# again, get another room or become a booking from a hold. What is new near it is refused as ever.
def load_ways(
    caller: Caller,
    catalog: ClinicCatalog,
    resources: Iterable[UUID],
    places: Iterable[Location],
    window: Window,
    without: Collection[UUID] = (),
    *,
    stays: bool = False,
) -> Busy:
    """Give the bits in which the staff among the resources are on the way to or from these places.

    The appointments in `without` do not count, nor, for a visit that `stays`, those with an override of it.
    """
    here = [one for one in places if any(one.travel_minutes.values())]
    staff = [one for one in resources if one in catalog.engine.therapists] if here else []
    if not staff:
        return {}
    most = longest_way(catalog.engine)
    values = {
        "staff": staff,
        "places": list({other for one in here for other in one.travel_minutes}),
        "first": window.start - most,
        "last": window.end + most,
        "without": list(without),
        "stays": stays,
    }
    taken: defaultdict[UUID, list[tuple[UUID, int, int]]] = defaultdict(list)
    for person_id, location_id, packed in _read(caller, _ELSEWHERE, values):
        taken[person_id] += [(location_id, start, end) for start, end in unpacked(packed)]
    return {
        (way_to(person_id, one.id), 0): way_bits(own, one, window)
        for person_id, own in taken.items()
        for one in here
    }


def claims_beside(
    caller: Caller, catalog: ClinicCatalog, appointments: Sequence[Appointment]
) -> Mapping[UUID, list[tuple[UUID, Claim]]]:
    """Give for each visit the claims of its staff's other visits near it, each with its location.

    Visits with an override of `therapist_travelling` do not count.
    """
    found: defaultdict[UUID, list[tuple[UUID, Claim]]] = defaultdict(list)
    most = longest_way(catalog.engine)
    if most:
        values = {
            "ids": [one.id for one in appointments],
            "staff": list(catalog.engine.therapists),
            "most": most,
        }
        for appointment_id, person_id, location_id, start, end in _read(caller, _BESIDE, values):
            found[appointment_id].append((location_id, (person_id, 0, start, end)))
    return found


def _read(caller: Caller, statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:  # noqa: ANN401 - rows
    whose = {"clinic_id": caller.clinic_id, "real_now": caller.real_now, "longest": LONGEST_OCCUPANCY}
    rows: Sequence[Any] = caller.session.execute(statement, {**whose, **values}).all()
    return rows
