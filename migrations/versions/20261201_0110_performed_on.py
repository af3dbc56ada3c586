"""Keep on which local date a visit was really performed."""

from alembic import op

revision = "20261201_0110"
down_revision = "20261201_0100"


def upgrade() -> None:
    """Add the column; 20261201_0120 fills it."""
    op.execute("ALTER TABLE appointments ADD COLUMN performed_on date")
