"""Keep when the step happened that led to an appointment's present status."""

from alembic import op
from sqlalchemy import text

revision = "20261201_0100"
down_revision = "20261126_0070"

CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, true)")
# Only visits that have begun: the actual times of the others tell nothing of their last step.
LAST_STEPS = text("""
    UPDATE appointments a SET status_since = p.last_at
    FROM (
        SELECT appointment_id, greatest(max(actual_starts_at), max(actual_ends_at)) AS last_at
        FROM appointment_phases WHERE actual_starts_at IS NOT NULL GROUP BY appointment_id
    ) p
    WHERE p.appointment_id = a.id AND a.status IN ('arrived', 'numbing', 'in_progress', 'completed')
""")


def upgrade() -> None:
    """Add the column, then fill it from the actual times, clinic by clinic."""
    op.execute("ALTER TABLE appointments ADD COLUMN status_since timestamptz")
    connection = op.get_bind()
    for clinic_id in connection.scalars(CLINICS).all():
        connection.execute(BIND, {"clinic_id": str(clinic_id)})
        connection.execute(LAST_STEPS)
    connection.execute(BIND, {"clinic_id": ""})
