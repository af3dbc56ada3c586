"""Let a calendar say what of it counts, what could not be read of it, and how often it has failed."""

from alembic import op

revision = "20261204_0200"
down_revision = "20261204_0100"

# Constant defaults rewrite no row. Processes of the release before write none of the columns,
# and so leave `reader` at 0 whatever they read.
COLUMNS = """
ALTER TABLE external_calendars
    ADD COLUMN ignore text[] DEFAULT '{declined}' NOT NULL,
    ADD COLUMN attendee text,
    ADD COLUMN failures integer DEFAULT 0 NOT NULL,
    ADD COLUMN unread jsonb DEFAULT '[]' NOT NULL,
    ADD COLUMN emptied_since timestamptz,
    ADD COLUMN reader smallint DEFAULT 0 NOT NULL,
    ADD COLUMN counts_anew boolean DEFAULT false NOT NULL,
    ADD CONSTRAINT ck_external_calendars_ignore
        CHECK (ignore <@ ARRAY['tentative', 'declined', 'all_day']) NOT VALID;
ALTER TABLE external_calendars VALIDATE CONSTRAINT ck_external_calendars_ignore;
ALTER TABLE busy_objects ADD COLUMN unread jsonb DEFAULT '[]' NOT NULL;
"""


def upgrade() -> None:
    """Add the columns; a process of this release reads whole what another reader has read."""
    op.execute(COLUMNS)
