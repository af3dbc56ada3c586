"""Fill in when visits that have begun really took place, and let their spacing claims count from that."""

from alembic import op
from sqlalchemy import Connection, text

revision = "20261201_0120"
down_revision = "20261201_0110"

CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, false)")
# A batch is a transaction of its own, because the change feed notes every row at its end. A batch that was
# committed is not found again when the revision has to run a second time.
BATCH = text("""
    UPDATE appointments a
    SET status_since = COALESCE(a.status_since, (
            SELECT greatest(max(p.actual_starts_at), max(p.actual_ends_at)) FROM appointment_phases p
            WHERE p.clinic_id = a.clinic_id AND p.appointment_id = a.id
        )),
        performed_on = COALESCE((
            SELECT CAST(p.actual_starts_at AT TIME ZONE l.timezone AS date) FROM appointment_phases p
            WHERE p.clinic_id = a.clinic_id AND p.appointment_id = a.id
              AND p.kind IN ('procedure', 'consultation') AND p.actual_starts_at IS NOT NULL
            ORDER BY p.kind DESC, p.position LIMIT 1
        ), a.local_date)
    FROM locations l
    WHERE l.clinic_id = a.clinic_id AND l.id = a.location_id AND a.id IN (
        SELECT id FROM appointments
        WHERE status IN ('in_progress', 'completed') AND performed_on IS NULL
        ORDER BY id LIMIT 2000
    )
""")
ARRIVED = text("""
    UPDATE appointments a SET status_since = (
        SELECT max(p.actual_starts_at) FROM appointment_phases p
        WHERE p.clinic_id = a.clinic_id AND p.appointment_id = a.id
    )
    WHERE a.status IN ('arrived', 'numbing') AND a.status_since IS NULL
""")
# Sessions that were really performed too close to each other can prove it no more: the engine alone judges
# what comes after them. A claim that has moved is not moved again.
CLAIMS = text("""
DO $$
DECLARE
    moved record;
BEGIN
    FOR moved IN
        SELECT c.clinic_id, c.appointment_id, a.performed_on - a.local_date AS days
        FROM appointments a JOIN spacing_claims c ON c.clinic_id = a.clinic_id AND c.appointment_id = a.id
        WHERE a.performed_on <> a.local_date AND lower(c.span) = a.local_date
        GROUP BY 1, 2, 3 ORDER BY 2
    LOOP
        BEGIN
            UPDATE spacing_claims
            SET span = daterange(lower(span) + moved.days, upper(span) + moved.days)
            WHERE clinic_id = moved.clinic_id AND appointment_id = moved.appointment_id;
        EXCEPTION WHEN exclusion_violation THEN
            DELETE FROM spacing_claims
            WHERE clinic_id = moved.clinic_id AND appointment_id = moved.appointment_id;
        END;
    END LOOP;
END $$
""")


def upgrade() -> None:
    """Fill the columns and move the claims, clinic by clinic."""
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        for clinic_id in connection.scalars(CLINICS).all():
            connection.execute(BIND, {"clinic_id": str(clinic_id)})
            _fill(connection)
        connection.execute(BIND, {"clinic_id": ""})


def _fill(connection: Connection) -> None:
    while connection.execute(BATCH).rowcount:
        pass
    connection.execute(ARRIVED)
    connection.execute(CLAIMS)
