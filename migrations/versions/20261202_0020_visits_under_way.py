"""Find the visits that are under way by an index, and validate what the new columns promise."""

from alembic import op

from migrations.indexes import build_index

revision = "20261202_0020"
down_revision = "20261202_0010"


def upgrade() -> None:
    """Expand only; both run beside writes: the index first ends the transaction of earlier revisions."""
    under_way = "status IN ('arrived', 'numbing', 'in_progress')"
    build_index("ix_appointments_under_way", f"appointments (clinic_id, id) WHERE {under_way}")
    op.execute("ALTER TABLE appointments VALIDATE CONSTRAINT ck_appointments_presence")
