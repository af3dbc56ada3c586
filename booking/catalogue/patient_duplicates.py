"""Finds patients who may be the same person as another."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from booking.core.caller import Caller
from models import Patient
from models.folding import folded

MOST: Final = 50


def possible_duplicates(caller: Caller, patient: Mapping[str, Any]) -> list[UUID]:
    """Give the patients with the same phone, e-mail, or name and date of birth, the oldest first, 50 at most.

    Names are the same whatever the order of their words, case, accents, apostrophes and hyphens.
    """
    same = [
        getattr(Patient, name) == patient[name]
        for name in ("phone", "email", "born_on")
        if patient[name] is not None
    ]
    if not same:
        return []
    others = select(Patient.id, Patient.name, Patient.phone, Patient.email).where(
        Patient.clinic_id == caller.clinic_id, Patient.id != patient["id"], or_(*same)
    )
    own = _words(patient["name"])
    found = [
        row.id
        for row in caller.session.execute(others.order_by(Patient.id))
        if _reached_alike(row, patient) or _words(row.name) == own
    ]
    return found[:MOST]


def _reached_alike(row: Any, patient: Mapping[str, Any]) -> bool:  # noqa: ANN401 - a row of the query
    return any(
        patient[name] is not None and getattr(row, name) == patient[name] for name in ("phone", "email")
    )


def _words(name: str) -> list[str]:
    return sorted(folded(name).split())
