"""Note whose records were read and by whom."""

from alembic import op

from migrations.policies import protect

revision = "20261203_0320"
down_revision = "20261203_0311"

TABLE = """
CREATE TABLE patient_reads (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL,
    patient_id uuid NOT NULL,
    key_id uuid,
    actor text,
    request_id text,
    CONSTRAINT pk_patient_reads PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_patient_reads_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id)
);
CREATE INDEX ix_patient_reads_at ON patient_reads (clinic_id, at, id);
CREATE INDEX ix_patient_reads_patient ON patient_reads (clinic_id, patient_id, at);
"""


def upgrade() -> None:
    """Create the table, and limit it to its clinic."""
    op.execute(TABLE)
    protect("patient_reads")
