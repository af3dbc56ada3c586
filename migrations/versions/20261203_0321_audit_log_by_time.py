"""Let the audit log be read by time, by an index."""

from migrations.indexes import build_index

revision = "20261203_0321"
down_revision = "20261203_0320"


def upgrade() -> None:
    """Expand only; earlier code goes on unchanged."""
    build_index("ix_audit_log_at", "audit_log (clinic_id, at, id)")
