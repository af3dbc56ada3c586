"""Index patients by their date of birth, to find who may be the same person."""

from migrations.indexes import build_index

revision = "20261201_0340"
down_revision = "20261201_0330"


def upgrade() -> None:
    """Build the index while others write."""
    build_index("ix_patients_born_on", "patients (clinic_id, born_on)")
