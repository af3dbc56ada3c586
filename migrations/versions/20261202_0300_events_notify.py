"""Note on an event that no message about it goes to the patient."""

from alembic import op

revision = "20261202_0300"
down_revision = "20261202_0210"


def upgrade() -> None:
    """Add the column; its constant default rewrites no row."""
    op.execute("ALTER TABLE events ADD COLUMN notify boolean DEFAULT true NOT NULL")
