"""Finds what other visits are really using, and how long they are going to use it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from booking.core.caller import Caller
from models import Appointment
from scheduling.ticks import floor_tick, from_tick

# A visit uses what its phases of the moment take. While the cream works, that is the place of the numbing:
# the treatment room and the therapist only wait for it. A phase that runs on is used until the next step is
# noted, however long it was to last, but not after the location has closed: then the step was forgotten.
_IN_USE: Final = text("""
    SELECT used.resource_id, used.lane, a.id AS appointment_id,
           max(coalesce(p.occupied_until, p.ends_at)) AS until
    FROM appointments a
    JOIN appointment_phases p ON p.clinic_id = a.clinic_id AND p.appointment_id = a.id
    CROSS JOIN LATERAL (
        VALUES (p.room_id, p.lane::int), (p.therapist_id, 0), (p.assistant_id, 0), (p.device_id, 0)
    ) AS used (resource_id, lane)
    WHERE a.clinic_id = :clinic_id AND a.id <> :own AND a.status IN ('numbing', 'in_progress')
      AND (p.runs_on OR a.status = 'in_progress')
      AND coalesce(a.closes_at, a.ends_at) > :since
      AND coalesce(p.occupied_from, p.starts_at) < :until
      AND (p.runs_on OR coalesce(p.occupied_until, p.ends_at) > :since)
      AND used.resource_id = ANY(:resources)
    GROUP BY 1, 2, 3
""")
_HERE: Final = text("""
    SELECT a.id AS appointment_id, coalesce(a.present_until, a.ends_at) AS until
    FROM appointments a
    WHERE a.clinic_id = :clinic_id AND a.patient_id = :patient_id AND a.id <> :own
      AND a.status IN ('numbing', 'in_progress') AND coalesce(a.closes_at, a.ends_at) > :since
""")


class Use(NamedTuple):
    """A lane of a resource that a visit uses, presumably until an instant."""

    resource_id: UUID
    lane: int
    appointment_id: UUID
    until: datetime


def in_use(caller: Caller, own: Appointment, resources: Iterable[UUID], since: datetime) -> list[Use]:
    """Give the lanes of these resources that other visits use at some time from `since` to now."""
    # A visit that has taken longer than planned ends no earlier than with the running five minutes.
    soonest = from_tick(floor_tick(caller.now) + 1)
    values = _whose(caller, own, since) | {"resources": list(resources), "until": soonest}
    rows = caller.session.execute(_IN_USE, values)
    return [Use(one.resource_id, one.lane, one.appointment_id, max(one.until, soonest)) for one in rows]


def treated_elsewhere(caller: Caller, own: Appointment, since: datetime) -> list[tuple[UUID, datetime]]:
    """Give the other visits in which the patient of a visit is being numbed or treated, and until when."""
    soonest = from_tick(floor_tick(caller.now) + 1)
    values = _whose(caller, own, since) | {"patient_id": own.patient_id}
    return [(one.appointment_id, max(one.until, soonest)) for one in caller.session.execute(_HERE, values)]


def _whose(caller: Caller, own: Appointment, since: datetime) -> dict[str, Any]:
    return {"clinic_id": caller.clinic_id, "own": own.id, "since": from_tick(floor_tick(since))}
