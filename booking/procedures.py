"""Procedures with their phases."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from booking.affected import affected_by, visits_for
from booking.callers import Caller
from booking.errors import InUse
from booking.resources import Kind, Rows, Values
from models import Appointment, Phase, Procedure

_FIXED_ONCE_BOOKED: Final = ("code", "family", "areas", "choose_areas", "counts_as")
_ASKED_OF_STAFF: Final = ("qualifications", "qualifications_any", "depth_mm")


def _check(caller: Caller, before: Values | None, after: Values) -> None:
    if before is None or all(before[name] == after[name] for name in _FIXED_ONCE_BOOKED):
        return
    booked = select(Appointment.id).where(
        Appointment.clinic_id == caller.clinic_id, Appointment.procedure_id == before["id"]
    )
    if caller.session.scalar(booked.limit(1)) is not None:
        raise InUse("Code, family, areas and counts_as are fixed: this procedure has been booked.")


def _follow(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:
    if before is None or after is None or all(before[name] == after[name] for name in _ASKED_OF_STAFF):
        return ()
    return affected_by(caller, visits_for(caller, after["id"]))


PROCEDURE = Kind(
    name="procedure",
    model=Procedure,
    rows={"phases": Rows(Phase, "procedure_id", ("position",))},
    check=_check,
    follow=_follow,
)
