"""Let locations have a public address, phone number and email address."""

from alembic import op

revision = "20261202_0100"
down_revision = "20261202_0020"


def upgrade() -> None:
    """Expand only; earlier code leaves the columns empty."""
    op.execute("ALTER TABLE locations ADD COLUMN address text, ADD COLUMN phone text, ADD COLUMN email text")
