"""Writes and clears the flag of visits that a disruption left on a blocked resource or a closed location."""

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import literal_column, text

from booking.core.caller import Caller
from booking.flags.flags import DISRUPTED, tell_flagged, write_flags
from booking.flags.visits_to_recheck import lock_rows
from models import Appointment
from models.appointments import LONGEST_OCCUPANCY
from models.statuses import OVER

# A visit that is over cannot move, so a block may lie behind it too.
_TOLERATED: Final = text(f"""
    SELECT o.appointment_id, o.lane, o.start_tick, o.end_tick,
           a.status IN {OVER}
               OR a.flags @> jsonb_build_array(
                   jsonb_build_object('code', 'disrupted', 'resource_id', CAST(:resource_id AS text)))
               AS tolerated
    FROM occupancies o
    JOIN appointments a ON a.clinic_id = o.clinic_id AND a.id = o.appointment_id
    WHERE o.clinic_id = :clinic_id AND o.resource_id = :resource_id
      AND o.end_tick > :first AND o.end_tick < :last + :longest AND o.start_tick < :last
    ORDER BY o.start_tick, o.lane
""")  # noqa: S608 - no part comes from a request


def visits_on(caller: Caller, resource_id: UUID, first: int, last: int) -> list[Any]:
    """Give the claims of visits on a resource between two ticks, and whether a block may lie behind each."""
    whose: dict[str, Any] = {
        "clinic_id": caller.clinic_id,
        "resource_id": resource_id,
        "first": first,
        "last": last,
    }
    whose["longest"] = LONGEST_OCCUPANCY
    return list(caller.session.execute(_TOLERATED, whose))


def flag_disrupted(caller: Caller, visits: Iterable[Appointment], named: dict[str, UUID]) -> None:
    """Flag the visits, whose rows must be locked; `named` is the disrupted resource or location."""
    fresh = [one for one in visits if not any(_is(flag, named) for flag in one.flags)]
    raised = {"code": DISRUPTED, **named, "since": caller.now}
    write_flags(caller, [(one, [*one.flags, raised]) for one in fresh])
    tell_flagged(caller, [(one, {"codes": [DISRUPTED], **named}) for one in fresh])


def lift(caller: Caller, resource_id: UUID, kept: Collection[UUID]) -> None:
    """Clear the resource's flag on all visits except these: no block lies behind the others any more."""
    named = {"resource_id": resource_id}
    flagged = Appointment.flags.contains([{"code": DISRUPTED, "resource_id": str(resource_id)}])
    some = Appointment.flags != literal_column("'[]'")
    visits = lock_rows(caller, some, flagged, Appointment.id.not_in(kept))
    write_flags(caller, [(one, [flag for flag in one.flags if not _is(flag, named)]) for one in visits])


def _is(flag: dict[str, Any], named: dict[str, UUID]) -> bool:
    return flag["code"] == DISRUPTED and all(str(flag.get(key)) == str(id_) for key, id_ in named.items())
