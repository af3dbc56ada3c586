"""Keeps the flags of visits that a change has left outside the rules."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm.attributes import set_committed_value

from booking.core.bulk_insert import Batch, insert_rows
from booking.core.caller import Caller
from booking.core.events import facts
from models import Appointment, AuditEntry, Event
from models.serialization import dumps
from scheduling.reasons import CLINICAL

# What hours, closures and qualifications can break; who is busy is no matter of the catalogue.
OF_CATALOGUE: Final = frozenset(
    {
        "outside_opening_hours", "location_closed", "therapist_not_working", "therapist_unqualified",
        "qualification_expires", "depth_exceeded", "no_therapist_available",
    }
)  # fmt: skip
OF_SPACING: Final = frozenset({"spacing_min", "spacing_floor", "washout_min", "washout_floor"})
OF_PREREQUISITES: Final = frozenset({"prerequisite_missing", "prerequisite_expired", "cooling_off"})
OF_MEDICAL_HOLDS: Final = frozenset({"medical_hold"})
# Everything that can come to speak against a visit after it was booked.
OF_ANY_RULE: Final = OF_CATALOGUE | CLINICAL

LATE: Final = "late"
# A visit that a disruption has left where it was, on what is blocked; no rule gives or takes this one.
DISRUPTED: Final = "disrupted"
# A visit during which a member of staff has become busy elsewhere; external_busy.py gives and takes it.
EXTERNAL_BUSY: Final = "external_busy"

# A code, and the rule behind it if there is one.
Reason = tuple[str, str | None]
Flags = list[dict[str, Any]]

_WRITE = text("""
    UPDATE appointments a SET flags = new.flags, version = new.version, updated_at = now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (id uuid, version integer, flags jsonb)
    WHERE a.clinic_id = :clinic_id AND a.id = new.id
""")


def flag_late(caller: Caller, appointment: Appointment) -> None:
    """Flag a visit whose patient has come too late for the day to give way."""
    appointment.flags = [*appointment.flags, {"code": LATE, "since": caller.now}]


def clear_flags_of_old_place(appointment: Appointment) -> None:
    """Drop the flags that only counted where and when a visit was before it moved.

    No rule refuses its new place, and nothing is blocked there, so no disruption concerns it any more.
    """
    appointment.flags = [one for one in appointment.flags if one["code"] not in OF_ANY_RULE | {DISRUPTED}]


def clear_flags_of_given_up(appointment: Appointment, held: Collection[UUID]) -> None:
    """Drop the flags of disrupted resources that a visit does not hold any more."""
    given_up = {str(one["resource_id"]) for one in appointment.flags if "resource_id" in one}
    given_up -= {str(one) for one in held}
    appointment.flags = [
        one
        for one in appointment.flags
        if one["code"] != DISRUPTED or str(one.get("resource_id")) not in given_up
    ]


def clear_flags_of_busy_staff(appointment: Appointment) -> None:
    """Drop the flags of staff who are busy elsewhere from a visit that is over or does not take place."""
    appointment.flags = [one for one in appointment.flags if one["code"] != EXTERNAL_BUSY]


def flag(caller: Caller, judged: Iterable[tuple[Appointment, Sequence[Reason]]]) -> None:
    """Make each visit's flags those of its reasons; flags that no rule gives stay.

    The rows must be locked. One statement writes all of them, another their events and audit entries.
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
    """Give each visit its flags and a new version, by one statement; the rows must be locked."""
    if not changed:
        return
    for appointment, flags in changed:
        # Committed values: the statement below writes them, not the session once more.
        set_committed_value(appointment, "flags", flags)
        set_committed_value(appointment, "version", appointment.version + 1)
    rows = [{"id": one.id, "version": one.version, "flags": one.flags} for one, _ in changed]
    caller.session.execute(_WRITE, {"clinic_id": caller.clinic_id, "rows": dumps(rows)})


def tell_flagged(
    caller: Caller, raised: Iterable[tuple[Appointment, dict[str, Any]]], more: Iterable[Batch] = ()
) -> None:
    """Append an event `appointment.flagged` and an audit entry for each visit, which name codes and causes.

    `more` are batches of further events, written by the same statement.
    """
    told = [facts(caller, "flagged", appointment, named) for appointment, named in raised]
    events = [row for (_, rows), _ in told for row in rows]
    events += [row for _, rows in more for row in rows]
    entries = [row for _, (_, rows) in told for row in rows]
    insert_rows(caller.session, (Event, events), (AuditEntry, entries))


def _sorted_out(caller: Caller, appointment: Appointment, reasons: Sequence[Reason]) -> tuple[Flags, Flags]:
    """Give the flags that stay and those that are new."""
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
