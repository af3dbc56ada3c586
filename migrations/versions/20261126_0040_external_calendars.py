"""Create external calendars of staff, their objects, and the busy time in them."""

from alembic import op

from migrations.policies import protect

revision = "20261126_0040"
down_revision = "20261126_0030"

CALENDARS = """
CREATE TABLE external_calendars (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    kind text NOT NULL,
    url text NOT NULL,
    username text,
    password text,
    last_success_at timestamptz,
    stale_since timestamptz,
    last_error text,
    unread_events integer NOT NULL,
    etag text,
    last_modified text,
    sync_token text,
    full_at timestamptz,
    next_at timestamptz NOT NULL,
    claim uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_external_calendars PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_external_calendars_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_external_calendars_kind CHECK (kind IN ('ics', 'caldav')),
    CONSTRAINT ck_external_calendars_login CHECK ((username IS NULL) = (password IS NULL))
);
CREATE INDEX ix_external_calendars_therapist ON external_calendars (clinic_id, therapist_id);
CREATE INDEX ix_external_calendars_next ON external_calendars (clinic_id, next_at);
"""

OBJECTS = """
CREATE TABLE busy_objects (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    external_calendar_id uuid,
    href text NOT NULL,
    uid text NOT NULL,
    etag text NOT NULL,
    body text,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_busy_objects PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_busy_objects_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_busy_objects_external_calendar
        FOREIGN KEY (clinic_id, external_calendar_id) REFERENCES external_calendars (clinic_id, id)
        ON DELETE CASCADE,
    CONSTRAINT ck_busy_objects_body CHECK ((body IS NULL) = (external_calendar_id IS NOT NULL))
);
CREATE UNIQUE INDEX uq_busy_objects_href
    ON busy_objects (clinic_id, therapist_id, external_calendar_id, href) NULLS NOT DISTINCT;
CREATE INDEX ix_busy_objects_calendar ON busy_objects (clinic_id, external_calendar_id);
"""

BUSY = """
CREATE TABLE external_busy (
    clinic_id uuid NOT NULL,
    busy_object_id uuid NOT NULL,
    start_tick integer NOT NULL,
    end_tick integer NOT NULL,
    resource_id uuid NOT NULL,
    CONSTRAINT pk_external_busy PRIMARY KEY (clinic_id, busy_object_id, start_tick),
    CONSTRAINT fk_external_busy_busy_object
        FOREIGN KEY (clinic_id, busy_object_id) REFERENCES busy_objects (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_external_busy_resource
        FOREIGN KEY (clinic_id, resource_id) REFERENCES resources (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_external_busy_order CHECK (start_tick < end_tick),
    CONSTRAINT ck_external_busy_longest CHECK (end_tick - start_tick <= 288)
);
CREATE INDEX ix_external_busy_end ON external_busy (clinic_id, resource_id, end_tick) INCLUDE (start_tick);
"""


def upgrade() -> None:
    """Create the tables and limit them to their clinic."""
    op.execute(CALENDARS)
    op.execute(OBJECTS)
    op.execute(BUSY)
    for table in ("external_calendars", "busy_objects", "external_busy"):
        protect(table)
