"""Give clinics a default country for phone numbers, and a version, since clients change them."""

from alembic import op

revision = "20261201_0300"
down_revision = "20261201_0120"

COLUMNS = """
ALTER TABLE clinics
    ADD COLUMN default_country text,
    ADD COLUMN version integer DEFAULT 1 NOT NULL,
    ADD COLUMN updated_at timestamptz DEFAULT now() NOT NULL;
"""


def upgrade() -> None:
    """Add the columns; none of them rewrites the table."""
    op.execute(COLUMNS)
