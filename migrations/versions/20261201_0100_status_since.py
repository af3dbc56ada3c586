"""Keep when the step happened that led to an appointment's present status."""

from alembic import op

revision = "20261201_0100"
down_revision = "20261126_0070"


def upgrade() -> None:
    """Add the column; 20261201_0120 fills it."""
    op.execute("ALTER TABLE appointments ADD COLUMN status_since timestamptz")
