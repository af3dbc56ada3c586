"""Let blocks leave out the days on which visits are in their way."""

from alembic import op

revision = "20261202_0120"
down_revision = "20261202_0110"


def upgrade() -> None:
    """Expand only; blocks that earlier code writes leave out no day."""
    op.execute("ALTER TABLE blocks ADD COLUMN skipped jsonb DEFAULT '[]' NOT NULL")
