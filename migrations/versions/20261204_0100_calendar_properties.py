"""Keep what calendar programs set on a calendar: its name, its colour, its order."""

from alembic import op

from migrations.policies import protect

revision = "20261204_0100"
down_revision = "20261203_0330"

TABLE = """
CREATE TABLE calendar_properties (
    clinic_id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    calendar text NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    CONSTRAINT pk_calendar_properties PRIMARY KEY (clinic_id, therapist_id, calendar, name),
    CONSTRAINT fk_calendar_properties_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_calendar_properties_name CHECK (length(name) <= 100),
    CONSTRAINT ck_calendar_properties_value CHECK (length(value) <= 1000)
);
"""


def upgrade() -> None:
    """Create the table, and limit it to its clinic. Expand only; earlier code goes on unchanged."""
    op.execute(TABLE)
    protect("calendar_properties")
