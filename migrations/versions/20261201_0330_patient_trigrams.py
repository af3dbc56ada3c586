"""Index the trigrams of what patients are found by."""

from migrations.indexes import build_index

revision = "20261201_0330"
down_revision = "20261201_0320"


def upgrade() -> None:
    """Build the index while others write."""
    build_index("ix_patients_search_text", "patients USING gin (search_text gin_trgm_ops)")
