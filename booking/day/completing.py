"""Notes that a patient has been treated, and opens medical holds for adverse effects."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from booking.appointments.noted_times import noted_at
from booking.appointments.records import Visit
from booking.appointments.steps import note_opened
from booking.appointments.transitions import end, finish
from booking.clinical.medical_holds import MedicalHolds
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.day.occupying import lock_used, look_at_use, occupy, with_overruns
from models import MedicalHold
from scheduling.clinical import atoms


def complete(
    caller: Caller,
    appointment_id: UUID,
    expected: int | None,
    adverse_effects: Sequence[str] = (),
    at: datetime | None = None,
) -> Visit:
    """Note that the patient has been treated: from now on the session counts as performed.

    Each adverse effect, a code of H07 to H10, opens a medical hold on the visit's areas unless such a hold
    is open there already; `affected` then names the patient's visits to come that the holds refuse.
    """
    catalog, visit = lock_used(caller, "complete", appointment_id, expected)
    at = noted_at(caller, visit, "complete", at)
    finish(visit, at)
    occupied = look_at_use(caller, catalog, visit, "completed", at)
    run_into, offers = occupy(caller, catalog, visit, occupied)
    fields: dict[str, Any] = {"fields": ["adverse_effects"]} if adverse_effects else {}
    done = end(caller, visit, "completed", "completed", at, fields, occupied.before)
    done = with_overruns(done, run_into, offers)
    if not adverse_effects:
        return done
    opened = [_open_medical_hold(caller, visit, code, at) for code in adverse_effects]
    holds = [one for one in opened if one is not None]
    note_opened(caller, appointment_id, [one["id"] for one in holds])
    affected = [refused for one in holds for refused in one["affected"]]
    return replace(done, affected=list(dict.fromkeys((*run_into, *affected))))


def _open_medical_hold(caller: Caller, visit: Visit, code: str, at: datetime) -> Values | None:
    """Open a medical hold from that date on; None if it was open before."""
    if _is_open(caller, visit, code):
        return None
    values = {
        "patient_id": visit.appointment.patient_id,
        "code": code,
        "areas": list(visit.appointment.areas),
        "opened_on": at.astimezone(visit.zone).date(),
        "resolved_on": None,
        "earliest_on": None,
        "release_appointments": False,
    }
    return MedicalHolds(caller).create(values)


def _is_open(caller: Caller, visit: Visit, code: str) -> bool:
    """Whether a medical hold of this code is open, and not signed off, on all of the visit's areas."""
    treated = visit.appointment.areas
    statement = select(MedicalHold.areas).where(
        MedicalHold.clinic_id == caller.clinic_id,
        MedicalHold.patient_id == visit.appointment.patient_id,
        MedicalHold.code == code,
        MedicalHold.resolved_on.is_(None),
        MedicalHold.signed_off.is_(None),
    )
    return any(
        not areas or (bool(treated) and atoms(treated) <= atoms(areas))
        for areas in caller.session.scalars(statement)
    )
