"""Create calendar feeds, and let a changed name count as a change of the patient's visits."""

from alembic import op

from migrations.policies import protect

revision = "20261126_0060"
down_revision = "20261126_0050"

TABLE = """
CREATE TABLE calendar_feeds (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    resource_id uuid,
    location_id uuid,
    patient_id uuid,
    detail text NOT NULL,
    token_hash bytea NOT NULL,
    token_hint text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_calendar_feeds PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_calendar_feeds_resource
        FOREIGN KEY (clinic_id, resource_id) REFERENCES resources (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_calendar_feeds_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_calendar_feeds_patient
        FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_calendar_feeds_of CHECK (num_nonnulls(resource_id, location_id, patient_id) = 1),
    CONSTRAINT ck_calendar_feeds_detail CHECK (detail IN ('busy', 'reference', 'initials'))
);
CREATE UNIQUE INDEX ix_calendar_feeds_token_hash ON calendar_feeds (token_hash);
CREATE INDEX ix_calendar_feeds_resource ON calendar_feeds (clinic_id, resource_id);
CREATE INDEX ix_calendar_feeds_location ON calendar_feeds (clinic_id, location_id);
CREATE INDEX ix_calendar_feeds_patient ON calendar_feeds (clinic_id, patient_id);
"""

# As for API keys: before the clinic is known, only the row whose hash was presented can be seen. What the
# entity tag is made of is read by the same call, so that an unchanged feed costs a single call.
OPEN = """
CREATE POLICY presented_token ON calendar_feeds FOR SELECT USING (
    token_hash = (SELECT decode(nullif(current_setting('clinic.token_hash', true), ''), 'hex'))
);
CREATE FUNCTION open_feed(presented bytea)
    RETURNS TABLE (
        clinic_id uuid, id uuid, kind text, scope_id uuid, detail text, names text[], newest text, above text
    )
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    feed calendar_feeds;
    scope uuid;
BEGIN
    PERFORM set_config('clinic.id', '', true),
        set_config('clinic.token_hash', encode(presented, 'hex'), true);
    SELECT f.* INTO feed FROM calendar_feeds f WHERE f.token_hash = presented;
    PERFORM set_config('clinic.token_hash', '', true);
    IF feed.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('clinic.id', feed.clinic_id::text, true);
    scope := coalesce(feed.resource_id, feed.location_id, feed.patient_id);
    RETURN QUERY SELECT
        feed.clinic_id, feed.id,
        coalesce(r.type, CASE WHEN feed.location_id IS NOT NULL THEN 'location' ELSE 'patient' END),
        scope, feed.detail,
        CASE WHEN feed.patient_id IS NULL THEN ARRAY[coalesce(r.name, l.name)] ELSE ARRAY(
            SELECT p.name FROM locations p WHERE p.clinic_id = feed.clinic_id ORDER BY p.id
        ) END,
        (SELECT c.xid::text FROM changes c
         WHERE c.clinic_id = feed.clinic_id AND c.scope_id = scope
           AND c.xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY c.xid DESC LIMIT 1),
        (SELECT string_agg(c.appointment_id || ':' || c.xid, ' ' ORDER BY c.xid, c.appointment_id)
         FROM changes c
         WHERE c.clinic_id = feed.clinic_id AND c.scope_id = scope
           AND c.xid >= pg_snapshot_xmin(pg_current_snapshot()))
    FROM (SELECT) AS one
    LEFT JOIN resources r ON r.clinic_id = feed.clinic_id AND r.id = feed.resource_id
    LEFT JOIN locations l ON l.clinic_id = feed.clinic_id AND l.id = feed.location_id;
END $$;
"""

# Some calendars show initials, so a new name must count as a change of the patient's visits. A booking and a
# change of name take the same lock on the patient, so every visit that shows the old name is found.
NAMES = """
CREATE FUNCTION note_changed_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE changes c SET xid = pg_current_xact_id(), changed_at = now()
    FROM appointments a
    WHERE a.clinic_id = NEW.clinic_id AND a.patient_id = NEW.id
      AND c.clinic_id = a.clinic_id AND c.appointment_id = a.id AND c.present;
    RETURN NULL;
END $$;
CREATE TRIGGER note_changed_name AFTER UPDATE OF name ON patients
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION note_changed_name();
"""


def upgrade() -> None:
    """Create the table, limit it to its clinic, and let a feed be opened by its token's hash alone."""
    op.execute(TABLE)
    protect("calendar_feeds")
    op.execute(OPEN)
    op.execute(NAMES)
