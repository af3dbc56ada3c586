"""Writes and clears the flags of visits, and says which refusals lead to a flag."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, literal_column, or_, text
from sqlalchemy.orm.attributes import set_committed_value

from booking.core.bulk_insert import Batch, insert_rows
from booking.core.caller import Caller
from booking.core.events import facts
from booking.flags.visits_to_recheck import lock_rows
from models import Appointment, AuditEntry, Event
from models.serialization import dumps
from scheduling.reasons import CLINICAL

# The refusals that changed hours, ways, closures or qualifications can cause; busy time is not among them.
OF_CATALOGUE: Final = frozenset(
    {
        "outside_opening_hours", "location_closed", "therapist_not_working", "therapist_travelling",
        "therapist_unqualified", "qualification_expires", "depth_exceeded", "no_therapist_available",
    }
)  # fmt: skip
OF_SPACING: Final = frozenset({"spacing_min", "spacing_floor", "washout_min", "washout_floor"})
OF_FLOORS: Final = frozenset({"spacing_floor", "washout_floor"})
OF_PREREQUISITES: Final = frozenset({"prerequisite_missing", "prerequisite_expired", "cooling_off"})
OF_MEDICAL_HOLDS: Final = frozenset({"medical_hold"})
# All refusals that can arise after a visit was booked.
OF_ANY_RULE: Final = OF_CATALOGUE | CLINICAL

LATE: Final = "late"
# The flag of a visit that a disruption left where it is; no rule sets or clears it.
DISRUPTED: Final = "disrupted"
# The flag of a visit during which a therapist has become busy elsewhere; external_busy.py keeps it.
EXTERNAL_BUSY: Final = "external_busy"

# The flag of a visit into whose time a visit that is under way has run; `appointment_id` names that visit.
OVERRUN: Final = "overrun"
# The flag of a visit that was noted at a time and place that others had then.
OVERLAP: Final = "overlap"

# A code, and the rule behind it if there is one.
Reason = tuple[str, str | None]
Flags = list[dict[str, Any]]

_WRITE = text("""
    UPDATE appointments a SET flags = new.flags, version = new.version, updated_at = now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (id uuid, version integer, flags jsonb)
    WHERE a.clinic_id = :clinic_id AND a.id = new.id
""")


def add_flag(caller: Caller, appointment: Appointment, code: str) -> None:
    """Flag a visit for what happened on its day, once: `late`, or `overlap`."""
    if all(one["code"] != code for one in appointment.flags):
        appointment.flags = [*appointment.flags, {"code": code, "since": caller.now}]


def flag_overrun(caller: Caller, running: Appointment, run_into: Collection[UUID]) -> list[Appointment]:
    """Flag the visits that a visit runs into, clear those that it does not any more; give the former."""
    own = str(running.id)
    rows = lock_rows(
        caller,
        or_(
            Appointment.id.in_(run_into),
            and_(
                Appointment.flags != literal_column("'[]'"),
                Appointment.location_id == running.location_id,
                Appointment.local_date >= running.local_date,
                Appointment.local_date <= running.local_date + timedelta(days=1),
                Appointment.flags.contains([{"code": OVERRUN, "appointment_id": own}]),
            ),
        ),
    )
    changed, raised = [], []
    for one in rows:
        others = [flag for flag in one.flags if flag.get("appointment_id") != own]
        known = len(others) < len(one.flags)
        if one.id in run_into and not known:
            flags = [*others, {"code": OVERRUN, "appointment_id": own, "since": caller.now}]
            changed.append((one, flags))
            raised.append((one, {"codes": [OVERRUN]}))
        elif one.id not in run_into and known:
            changed.append((one, others))
    write_flags(caller, changed)
    tell_flagged(caller, raised)
    return [one for one in rows if one.id in run_into]


def clear_flags_of_overrun(appointment: Appointment) -> None:
    """Clear the flags of visits that ran into this one: it has begun, moved, or is over."""
    appointment.flags = [one for one in appointment.flags if one["code"] != OVERRUN]


def clear_flags_of_old_place(appointment: Appointment) -> None:
    """Clear the flags that counted only for the time and place that a visit had before it moved.

    No rule refuses its new place, and nothing is blocked there, so no disruption concerns it any more.
    """
    gone = OF_ANY_RULE | {DISRUPTED, OVERRUN, OVERLAP}
    appointment.flags = [one for one in appointment.flags if one["code"] not in gone]


def clear_flags_of_given_up(appointment: Appointment, held: Collection[UUID]) -> None:
    """Clear the flags of disrupted resources that a visit does not take any more."""
    given_up = {str(one["resource_id"]) for one in appointment.flags if "resource_id" in one}
    given_up -= {str(one) for one in held}
    appointment.flags = [
        one
        for one in appointment.flags
        if one["code"] != DISRUPTED or str(one.get("resource_id")) not in given_up
    ]


def clear_flags_of_conflicts(appointment: Appointment) -> None:
    """Clear the flags of staff and places that are busy, on a visit that is over or will not take place."""
    appointment.flags = [one for one in appointment.flags if one["code"] not in {EXTERNAL_BUSY, OVERRUN}]


def flag(caller: Caller, judged: Iterable[tuple[Appointment, Sequence[Reason]]]) -> None:
    """Set each visit's flags to those of its reasons; flags that come from no rule stay.

    The rows must be locked. One statement writes all flags, and another all events and audit entries.
    """
    changed, raised = [], []
    for appointment, reasons in judged:
        kept, fresh = _sorted_out(caller, appointment, reasons)
        if len(kept) == len(appointment.flags) and not fresh:
            continue
        changed.append((appointment, [*kept, *fresh]))
        if fresh:
            raised.append((appointment, {"codes": [one["code"] for one in fresh]}))
    write_flags(caller, changed)
    tell_flagged(caller, raised)


def write_flags(caller: Caller, changed: Sequence[tuple[Appointment, Flags]]) -> None:
    """Write the flags of each visit and a new version, by one statement; the rows must be locked."""
    if not changed:
        return
    for appointment, flags in changed:
        # Set as committed values: the statement below writes them, and the session must not write them again.
        set_committed_value(appointment, "flags", flags)
        set_committed_value(appointment, "version", appointment.version + 1)
    rows = [{"id": one.id, "version": one.version, "flags": one.flags} for one, _ in changed]
    caller.session.execute(_WRITE, {"clinic_id": caller.clinic_id, "rows": dumps(rows)})


def tell_flagged(
    caller: Caller, raised: Iterable[tuple[Appointment, dict[str, Any]]], more: Iterable[Batch] = ()
) -> None:
    """Append an event `appointment.flagged` and an audit entry for each visit, with its codes and causes.

    `more` are batches of further events, written by the same statement.
    """
    told = [facts(caller, "flagged", appointment, named) for appointment, named in raised]
    events = [row for (_, rows), _ in told for row in rows]
    events += [row for _, rows in more for row in rows]
    entries = [row for _, (_, rows) in told for row in rows]
    insert_rows(caller.session, (Event, events), (AuditEntry, entries))


def _sorted_out(caller: Caller, appointment: Appointment, reasons: Sequence[Reason]) -> tuple[Flags, Flags]:
    """Give the flags that stay and the flags that are new."""
    kept = [one for one in appointment.flags if one["code"] not in OF_ANY_RULE or _reason(one) in reasons]
    known = {_reason(flag) for flag in kept}
    fresh = [
        {"code": code, **({"rule_id": rule} if rule else {}), "since": caller.now}
        for code, rule in reasons
        if (code, rule) not in known
    ]
    return kept, fresh


def _reason(flag: Mapping[str, Any]) -> Reason:
    return flag["code"], flag.get("rule_id")
