"""Let a patient who was merged lead to the patient who has everything now."""

from alembic import op

revision = "20261201_0350"
down_revision = "20261201_0340"

COLUMN = """
ALTER TABLE patients
    ADD COLUMN merged_into_id uuid,
    ADD CONSTRAINT fk_patients_merged_into FOREIGN KEY (clinic_id, merged_into_id)
        REFERENCES patients (clinic_id, id) ON DELETE CASCADE,
    ADD CONSTRAINT ck_patients_merged CHECK (merged_into_id <> id);
CREATE INDEX ix_patients_merged_into ON patients (clinic_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
"""


def upgrade() -> None:
    """Add the column; no row has one yet, so its constraints and its index are checked at once."""
    op.execute(COLUMN)
