"""Lists the patients to recall for maintenance, review or a lapsed course, and announces maintenance (b7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from booking.core.caller import Caller
from booking.core.events import tell
from booking.courses.held_courses import held_courses
from models.statuses import NOT_BOOKED

_FIRST: Final = UUID(int=0)
KINDS: Final = ("lapsed", "maintenance", "review")

# PostgreSQL adds calendar months as table b7 does: a day that the month lacks becomes its last day.
_RECALLS = text(f"""
    WITH done AS (
        SELECT DISTINCT ON (c.id) c.clinic_id, c.id, c.patient_id, c.template_id, c.status, c.lapsed_on,
               a.location_id, COALESCE(a.performed_on, a.local_date) AS last_on, a.procedure_id
        FROM courses c
        JOIN appointments a ON a.clinic_id = c.clinic_id AND a.course_id = c.id AND a.status = 'completed'
        JOIN patients q ON q.clinic_id = c.clinic_id AND q.id = c.patient_id AND q.anonymised_at IS NULL
        WHERE c.clinic_id = :clinic_id AND c.status IN ('completed', 'lapsed')
          AND (NOT :untold OR c.maintenance_told_on IS NULL)
        ORDER BY c.id, last_on DESC, a.id
    ), windows AS (
        SELECT done.*, d.family, w.kind, w.opens_on, w.closes_on,
               CAST(CAST(:now AS timestamptz) AT TIME ZONE l.timezone AS date) AS today
        FROM done
        JOIN procedures d ON d.clinic_id = done.clinic_id AND d.id = done.procedure_id
        JOIN locations l ON l.clinic_id = done.clinic_id AND l.id = done.location_id
        LEFT JOIN course_templates t ON t.clinic_id = done.clinic_id AND t.id = done.template_id
        CROSS JOIN LATERAL (VALUES
            ('lapsed', done.lapsed_on, NULL::date),
            ('maintenance',
             CAST(done.last_on + make_interval(months => t.maintenance_opens_months) AS date),
             CAST(done.last_on + make_interval(months => t.maintenance_closes_months) AS date)),
            ('review', done.last_on + t.review_days, NULL::date)
        ) AS w (kind, opens_on, closes_on)
        WHERE (w.kind = 'lapsed') = (done.status = 'lapsed')
          AND NOT (w.kind = 'lapsed' AND done.id = ANY(:held))
          AND (CAST(:kinds AS text[]) IS NULL OR w.kind = ANY(:kinds))
          AND (CAST(:locations AS uuid[]) IS NULL OR done.location_id = ANY(:locations))
    ), due AS (
        -- In order, so that later visits are looked up only for the courses that a page shows.
        SELECT * FROM windows
        WHERE opens_on <= COALESCE(:due_by, today)
          AND (opens_on, id, kind) > (:after_on, :after_id, :after_kind)
        ORDER BY opens_on, id, kind
        OFFSET 0
    )
    SELECT id AS course_id, patient_id, template_id, location_id, kind, opens_on, closes_on,
           last_on AS last_session_on, today,
           CASE WHEN kind = 'lapsed' OR today > closes_on THEN 'overdue'
                WHEN today < opens_on THEN 'upcoming' ELSE 'open' END AS status
    FROM due
    WHERE NOT EXISTS (
        SELECT FROM appointments b JOIN procedures p ON p.clinic_id = b.clinic_id AND p.id = b.procedure_id
        WHERE b.clinic_id = due.clinic_id AND b.patient_id = due.patient_id
          AND COALESCE(b.performed_on, b.local_date) > due.last_on
          AND b.status NOT IN {NOT_BOOKED}
          AND (p.family = due.family OR (due.kind = 'review' AND NOT EXISTS (
            SELECT FROM phases f
            WHERE f.clinic_id = p.clinic_id AND f.procedure_id = p.id AND f.kind = 'procedure'))))
    ORDER BY opens_on, id, kind
    LIMIT :limit
""")  # noqa: S608 - no part comes from a request
_TOLD = text("""
    UPDATE courses SET maintenance_told_on = :today
    WHERE clinic_id = :clinic_id AND id = :id AND maintenance_told_on IS NULL
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Place:
    """The place at which a page of recalls ended: the next page begins after it."""

    opens_on: date = date.min
    course_id: UUID = _FIRST
    kind: str = ""


def list_recalls(
    caller: Caller,
    due_by: date,
    limit: int,
    after: Place,
    kinds: Sequence[str] | None = None,
    location_id: UUID | None = None,
) -> Sequence[Mapping[str, Any]]:
    """Give at most `limit` recalls that are due by a date, the longest due first.

    A recall ends when a later session of the family is performed or booked, a review also when a visit
    without treatment is. A lapsed course has no recall while a medical hold refuses its sessions. The
    location of a recall is that of the last session.
    """
    seen = caller.location_ids
    locations = None if location_id is None else {location_id}
    if seen is not None:
        locations = set(seen) if locations is None else locations & seen
    return _find(caller, limit, after, due_by=due_by, kinds=kinds, locations=locations)


def maintenance_due(caller: Caller) -> int:
    """Write the event `maintenance.due` once for each course whose window is open; give their number."""
    found = _find(caller, None, Place(), kinds=["maintenance"], untold=True)
    return sum(_tell(caller, row) for row in found if row["status"] == "open")


def _find(
    caller: Caller,
    limit: int | None,
    after: Place,
    *,
    due_by: date | None = None,
    kinds: Sequence[str] | None = None,
    locations: set[UUID] | None = None,
    untold: bool = False,
) -> Sequence[Mapping[str, Any]]:
    values = {
        "clinic_id": caller.clinic_id,
        "now": caller.now,
        "due_by": due_by,
        "kinds": kinds,
        "locations": None if locations is None else list(locations),
        "untold": untold,
        "held": [] if untold else list(held_courses(caller)),
        "after_on": after.opens_on,
        "after_id": after.course_id,
        "after_kind": after.kind,
        "limit": limit,
    }
    return [dict(row) for row in caller.session.execute(_RECALLS, values).mappings()]


def _tell(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Write the event, unless another run has just written it."""
    values = {"clinic_id": caller.clinic_id, "id": row["course_id"], "today": row["today"]}
    if caller.session.scalar(_TOLD, values) is None:
        return False
    names = ("course_id", "template_id", "opens_on", "closes_on", "location_id")
    tell(caller, "maintenance.due", row["course_id"], {name: row[name] for name in names})
    return True
