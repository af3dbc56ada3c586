"""Let visits keep the lengths that were chosen for their phases."""

from alembic import op

revision = "20261202_0200"
down_revision = "20261202_0130"


def upgrade() -> None:
    """Expand only; earlier code chooses no lengths, which is the default."""
    op.execute("ALTER TABLE appointments ADD COLUMN phase_minutes jsonb DEFAULT '{}' NOT NULL")
