"""Let weekly hours hold every n-th week, counted from their first date."""

from alembic import op

revision = "20261201_0420"
down_revision = "20261201_0410"


def upgrade() -> None:
    """Expand only; earlier code writes hours of every week, which is the default."""
    for table in ("opening_hours", "working_hours"):
        op.execute(f"""
            ALTER TABLE {table}
                ADD COLUMN every_weeks smallint DEFAULT 1 NOT NULL,
                ADD CONSTRAINT ck_{table}_weeks
                    CHECK (every_weeks BETWEEN 1 AND 52 AND (every_weeks = 1 OR valid_from IS NOT NULL))
        """)
