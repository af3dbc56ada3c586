"""Compares the claims in the database, and the rows of the change feed, with the appointments."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from models.database import Database
from models.statuses import BEGUN, GONE

_CLINICS = text("SELECT clinic_ids()")

# A visit that has begun, or that was noted when others had its place, claims what was free of what it
# occupies. Any other visit claims its plan.
_DIFFERENCES = text(f"""
    WITH planned AS (
        SELECT p.appointment_id, held.resource_id, held.lane,
               range_agg(tstzrange(
                   coalesce(p.occupied_from, p.starts_at), coalesce(p.occupied_until, p.ends_at)
               )) AS during
        FROM appointment_phases p
        JOIN appointments a ON a.clinic_id = p.clinic_id AND a.id = p.appointment_id
        CROSS JOIN LATERAL (
            VALUES (p.room_id, p.lane::int), (p.therapist_id, 0), (p.assistant_id, 0), (p.device_id, 0)
        ) AS held (resource_id, lane)
        WHERE held.resource_id IS NOT NULL AND a.status NOT IN {GONE}
        GROUP BY 1, 2, 3
    ), claimed AS (
        SELECT appointment_id, resource_id, lane::int AS lane, range_agg(during) AS during
        FROM occupancies WHERE appointment_id IS NOT NULL GROUP BY 1, 2, 3
    )
    SELECT appointment_id, resource_id
    FROM planned FULL JOIN claimed USING (appointment_id, resource_id, lane)
    JOIN appointments a ON a.id = appointment_id
    WHERE CASE WHEN a.status IN {BEGUN} OR a.flags @> '[{{"code": "overlap"}}]'
          THEN NOT coalesce(claimed.during, '{{}}') <@ coalesce(planned.during, '{{}}')
          ELSE planned.during IS DISTINCT FROM claimed.during END
    ORDER BY 1, 2
""")  # noqa: S608 - no part comes from a request

_UNNOTED = text("""
    WITH now_in AS (
        SELECT a.id AS appointment_id, s AS scope_id
        FROM appointments a CROSS JOIN LATERAL scopes_of(a.clinic_id, a.id) AS s
    ), noted AS (
        SELECT appointment_id, scope_id FROM changes WHERE present
    )
    SELECT appointment_id, scope_id
    FROM (TABLE now_in EXCEPT TABLE noted UNION ALL (TABLE noted EXCEPT TABLE now_in)) AS differing
    ORDER BY 1, 2
""")


class Difference(NamedTuple):
    """An appointment that disagrees with its `claims` on a resource, or with the `changes` of a scope."""

    clinic_id: UUID
    appointment_id: UUID
    resource_id: UUID
    kept_in: str


def differences(database: Database) -> Iterator[Difference]:
    """Give every disagreement, clinic by clinic."""
    with database.transaction() as session:
        clinics = session.scalars(_CLINICS).all()
    for clinic_id in clinics:
        yield from differences_of(database, clinic_id)


def differences_of(database: Database, clinic_id: UUID) -> Iterator[Difference]:
    """Give every disagreement of a single clinic, in a transaction of its own."""
    with database.transaction(clinic_id) as session:
        for kept_in, statement in (("claims", _DIFFERENCES), ("changes", _UNNOTED)):
            for appointment_id, resource_id in session.execute(statement):
                yield Difference(clinic_id, appointment_id, resource_id, kept_in)
