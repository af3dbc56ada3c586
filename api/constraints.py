"""The registry of the database's constraints: which domain error the violation of each one means."""

from collections.abc import Mapping

from psycopg.errors import ForeignKeyViolation, RestrictViolation
from sqlalchemy.exc import IntegrityError

from booking.core.errors import AlreadyExists, DomainError, InUse, NotFound, Refused
from scheduling.reasons import refuse

ALREADY_EXISTS: Mapping[str, str] = {
    "uq_procedures_code": "Another procedure of this clinic already has this code.",
    "uq_hold_rules_code": "The clinic already has a rule of this code.",
    "uq_course_templates_code": "Another course template of this clinic already has this code.",
    "uq_message_templates_kind": "The clinic already has a template of this kind.",
    "uq_message_dispatches_moment": "The message has already become due.",
    "uq_special_opening_days_date": "The location already has special hours on this date.",
    "uq_special_working_days_date": "The therapist already has special hours at this location on this date.",
    "uq_travel_times_way": "The way between these locations has a time already.",
    "uq_patients_external_id": "Another patient of this clinic already has this external_id.",
}
# The last proof behind the engine: only a write that went around its locks can reach it.
REFUSED: Mapping[str, str] = {
    "ex_occupancies_resource_busy": "no_room_available",
    "ex_appointments_patient_busy": "patient_busy",
    "ex_spacing_claims_floor": "spacing_floor",
}


def constraint_name(error: IntegrityError) -> str | None:
    """Give the name of the violated constraint, the only part of the error that holds no patient's data."""
    name: str | None = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return name


def error_for(error: IntegrityError, method: str) -> DomainError | None:
    """Find the domain error of a violation; None for a constraint that no input should reach.

    A foreign key is violated when its parent is deleted (it is in use) or does not exist.
    """
    name = constraint_name(error)
    if name is not None and name in ALREADY_EXISTS:
        return AlreadyExists(ALREADY_EXISTS[name])
    if name is not None and name in REFUSED:
        return Refused([refuse(REFUSED[name])])
    if isinstance(error.orig, ForeignKeyViolation | RestrictViolation):
        return InUse() if method == "DELETE" else NotFound("object")
    return None
