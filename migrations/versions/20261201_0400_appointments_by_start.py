"""Let a clinic's appointments be listed by their start, page by page, by an index."""

from migrations.indexes import build_index

revision = "20261201_0400"
down_revision = "20261201_0350"


def upgrade() -> None:
    """Expand only; earlier code goes on unchanged."""
    build_index("ix_appointments_starts_at", "appointments (clinic_id, starts_at, id)")
