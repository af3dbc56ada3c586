"""Tells by its name which domain error a violated constraint is: the one registry of such names."""

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
    "uq_patients_external_id": "Another patient of this clinic already has this external_id.",
}
# The last proof behind the engine: reached only by what went around its locks.
REFUSED: Mapping[str, str] = {
    "ex_occupancies_resource_busy": "no_room_available",
    "ex_appointments_patient_busy": "patient_busy",
    "ex_spacing_claims_floor": "spacing_floor",
}


def constraint_name(error: IntegrityError) -> str | None:
    """Name the constraint that was violated; the only part of the error without anyone's data."""
    name: str | None = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return name


def error_for(error: IntegrityError, method: str) -> DomainError | None:
    """Find what the violation means; None for a constraint that no input should reach.

    A foreign key breaks when the parent goes (DELETE: it is in use) or was never there.
    """
    name = constraint_name(error)
    if name is not None and name in ALREADY_EXISTS:
        return AlreadyExists(ALREADY_EXISTS[name])
    if name is not None and name in REFUSED:
        return Refused([refuse(REFUSED[name])])
    if isinstance(error.orig, ForeignKeyViolation | RestrictViolation):
        return InUse() if method == "DELETE" else NotFound("object")
    return None
