"""Let a calendar say what of it counts, what could not be read of it, and how often it has failed."""

from alembic import op

revision = "20261204_0200"
down_revision = "20261204_0100"

# Constant defaults rewrite no row. Processes of the release before write none of the columns.
COLUMNS = """
ALTER TABLE external_calendars
    ADD COLUMN ignore text[] DEFAULT '{declined}' NOT NULL,
    ADD COLUMN attendee text,
    ADD COLUMN failures integer DEFAULT 0 NOT NULL,
    ADD COLUMN unread jsonb DEFAULT '[]' NOT NULL,
    ADD COLUMN emptied_since timestamptz,
    ADD CONSTRAINT ck_external_calendars_ignore
        CHECK (ignore <@ ARRAY['tentative', 'declined', 'all_day']) NOT VALID;
ALTER TABLE external_calendars VALIDATE CONSTRAINT ck_external_calendars_ignore;
ALTER TABLE busy_objects ADD COLUMN unread jsonb DEFAULT '[]' NOT NULL;
"""

# Row-level security shows one clinic's calendars at a time.
AGAIN = """
DO $$
DECLARE
    clinic uuid;
BEGIN
    FOR clinic IN SELECT clinic_ids() LOOP
        PERFORM set_config('clinic.id', clinic::text, true);
        UPDATE external_calendars SET full_at = NULL, next_at = now();
    END LOOP;
    PERFORM set_config('clinic.id', '', true);
END $$;
"""


def upgrade() -> None:
    """Add the columns, and have every calendar read again, because more of each can be read now."""
    op.execute(COLUMNS)
    op.execute(AGAIN)
