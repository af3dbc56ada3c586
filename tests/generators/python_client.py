"""A program on the client of openapi-python-client that books a visit, moves it, cancels it, prints JSON."""

import json
import os
import sys
from typing import TypeVar
from uuid import UUID

from clinic_client import AuthenticatedClient
from clinic_client.api.appointments import (
    cancel_appointment,
    create_appointment,
    list_appointments,
    reschedule_appointment,
)
from clinic_client.api.availability import get_next_slot, list_slots
from clinic_client.models import (
    AppointmentStatus,
    Booking,
    Cancel,
    Cancellation,
    CancelReason,
    Problem,
    Reschedule,
)
from clinic_client.types import Unset

T = TypeVar("T")

NOW = os.environ["NOW"]
client = AuthenticatedClient(base_url=os.environ["ADDRESS"], token=os.environ["KEY"])
procedure_id, location_id, patient_id = (
    UUID(os.environ[name]) for name in ("PROCEDURE", "LOCATION", "PATIENT")
)


def got(answer: T | Problem | None) -> T:
    """Give an answer that is no problem."""
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(str(answer))
    return answer


first = got(
    get_next_slot.sync(
        client=client,
        procedure_id=procedure_id,
        location_id=location_id,
        patient_id=patient_id,
        x_clinic_now=NOW,
    )
)
wanted = Booking(
    patient_id=patient_id, procedure_id=procedure_id, location_id=location_id, starts_at=first.starts_at
)
booked = got(create_appointment.sync(client=client, body=wanted, x_clinic_now=NOW))
refused = create_appointment.sync(client=client, body=wanted, x_clinic_now=NOW)
codes = refused.refusals if isinstance(refused, Problem) and not isinstance(refused.refusals, Unset) else []
found = got(
    list_slots.sync(
        client=client,
        procedure_id=procedure_id,
        location_id=location_id,
        patient_id=patient_id,
        from_=booked.starts_at.date(),
        until=booked.starts_at.date().replace(day=20),
        x_clinic_now=NOW,
    )
)
later = found.slots[-1]
moved = got(
    reschedule_appointment.sync(
        booked.id,
        client=client,
        body=Reschedule(starts_at=later.starts_at),
        if_match=f'"{booked.version}"',
        x_clinic_now=NOW,
    )
)
reason = Cancel(reason_code=CancelReason.PATIENT, version=moved.version)
cancelled = got(cancel_appointment.sync(booked.id, client=client, body=reason, x_clinic_now=NOW))
listed = got(
    list_appointments.sync(
        client=client, status=[AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED], x_clinic_now=NOW
    )
)
told = {
    "booked": booked.status,
    "refused": [one.code for one in codes],
    "moved": moved.starts_at == later.starts_at,
    "cancelled": cancelled.cancellation.reason_code
    if isinstance(cancelled.cancellation, Cancellation)
    else None,
    "listed": [one.id == booked.id for one in listed.items],
}
sys.stdout.write(json.dumps(told))
