"""Finds the courses that count as paused because an open medical hold refuses their sessions (b6)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import text

from booking.catalogue.patients import latest_today
from booking.core.caller import Caller
from booking.questions.catalog import load_catalog
from models.statuses import COURSES_OPEN, NOT_BOOKED
from scheduling.questions import MedicalHold
from scheduling.rules.medical_holds import medical_holds_against

# A course treats what its last visit treated; without a visit, its first procedure on all possible areas.
_OPEN = text(f"""
    SELECT c.id AS course_id, COALESCE(v.procedure_id, c.procedure_id, t.procedure_ids[1]) AS procedure_id,
           v.areas AS treated, h.id, h.code, h.areas, h.opened_on, h.earliest_on
    FROM courses c
    JOIN medical_holds h ON h.clinic_id = c.clinic_id AND h.patient_id = c.patient_id
     AND h.resolved_on IS NULL AND h.signed_off IS NULL
    LEFT JOIN course_templates t ON t.clinic_id = c.clinic_id AND t.id = c.template_id
    LEFT JOIN LATERAL (
        SELECT a.procedure_id, a.areas FROM appointments a
        WHERE a.clinic_id = c.clinic_id AND a.course_id = c.id
          AND a.status NOT IN {NOT_BOOKED}
        ORDER BY a.starts_at DESC LIMIT 1
    ) v ON true
    WHERE c.clinic_id = :clinic_id AND c.status IN {COURSES_OPEN}
      AND (CAST(:ids AS uuid[]) IS NULL OR c.id = ANY(:ids))
    ORDER BY c.id, h.opened_on, h.id
""")  # noqa: S608 - no part comes from a request


def held_courses(caller: Caller, ids: Iterable[UUID] | None = None) -> dict[UUID, list[UUID]]:
    """Give the courses that medical holds refuse today, among these or all, each with the ids of the holds.

    A medical hold counts until it is resolved or signed off, or until its `earliest_on` has come.
    """
    values = {"clinic_id": caller.clinic_id, "ids": None if ids is None else list(ids)}
    rows = caller.session.execute(_OPEN, values).all()
    if not rows:
        return {}
    engine, today = load_catalog(caller).engine, latest_today(caller)
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        procedure = engine.procedures[row.procedure_id]
        refusing = medical_holds_against(procedure, row.treated or (), [_hold(row)], engine.hold_rules)
        if any(ban.covers(today) for _, ban in refusing):
            found.setdefault(row.course_id, []).append(row.id)
    return found


def _hold(row: Any) -> MedicalHold:  # noqa: ANN401 - a row of the query
    return MedicalHold(row.id, row.code, row.opened_on, tuple(row.areas), earliest_on=row.earliest_on)
