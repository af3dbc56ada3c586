"""Patients: contact data, kept out of logs, events and audit entries."""

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Any, Final

from sqlalchemy import Select

from booking.callers import Caller
from booking.errors import Invalid
from booking.resources import Kind, Values, select_all
from models import Patient

# Somewhere it is tomorrow already, so a child born today may have a birth date that is not here yet.
_AHEAD: Final = timedelta(hours=14)


def latest_today(caller: Caller) -> date:
    """Give the latest civil date that it is anywhere on earth: whatever lies beyond is in the future."""
    return (caller.now.astimezone(UTC) + _AHEAD).date()


def _check(caller: Caller, before: Values | None, after: Values) -> None:  # noqa: ARG001 - the hook's shape
    if after["born_on"] is not None and after["born_on"] > latest_today(caller):
        raise Invalid("/born_on", "Must not lie in the future.")


PATIENT = Kind(name="patient", model=Patient, locks="id", holds_catalog=True, private=True, check=_check)


def select_patients(caller: Caller, kind: Kind, query: Mapping[str, Any]) -> Select[Any]:
    """Select patients by exact phone, email or external_id, and by `q`, any part of the name."""
    exact = {name: query[name] for name in ("phone", "email", "external_id") if name in query}
    patients = select_all(caller, kind, exact)
    return patients.where(Patient.name.icontains(query["q"], autoescape=True)) if "q" in query else patients
