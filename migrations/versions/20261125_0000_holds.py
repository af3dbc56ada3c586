"""Note who made a hold and how it ended, and let a hold end without a patient."""

from alembic import op

revision = "20261125_0000"
down_revision = "20261124_2100"

HOLDS = """
ALTER TABLE appointments ADD COLUMN hold jsonb;
ALTER TABLE appointments DROP CONSTRAINT ck_appointments_patient;
ALTER TABLE appointments ADD CONSTRAINT ck_appointments_patient CHECK (
    patient_id IS NOT NULL OR status = 'held' OR (status = 'cancelled' AND hold IS NOT NULL)
) NOT VALID;
ALTER TABLE appointments VALIDATE CONSTRAINT ck_appointments_patient;
ALTER TABLE appointments ADD CONSTRAINT ck_appointments_hold
    CHECK (status <> 'held' OR hold IS NOT NULL) NOT VALID;
ALTER TABLE appointments VALIDATE CONSTRAINT ck_appointments_hold;
CREATE INDEX ix_appointments_expiry ON appointments (clinic_id, expires_at) WHERE status = 'held';
"""


def upgrade() -> None:
    """Add the column, the two checks and the index that finds what has expired."""
    op.execute(HOLDS)
