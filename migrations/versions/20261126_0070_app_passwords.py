"""Create the app passwords of calendar programs, and let programs sync the busy time that they write."""

from alembic import op

from migrations.policies import protect

revision = "20261126_0070"
down_revision = "20261126_0060"

TABLE = """
CREATE TABLE app_passwords (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    name text NOT NULL,
    password_hash bytea NOT NULL,
    password_hint text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_app_passwords PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_app_passwords_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_app_passwords_password_hash ON app_passwords (password_hash);
CREATE INDEX ix_app_passwords_therapist ON app_passwords (clinic_id, therapist_id);
"""

# As for API keys: before the clinic is known, only the row whose hash was presented can be seen.
AUTHENTICATE = """
CREATE POLICY presented_password ON app_passwords FOR SELECT USING (
    password_hash = (SELECT decode(nullif(current_setting('clinic.password_hash', true), ''), 'hex'))
);
CREATE FUNCTION authenticate_app(presented bytea) RETURNS TABLE (clinic_id uuid, id uuid, therapist_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    found app_passwords;
BEGIN
    PERFORM set_config('clinic.id', '', true),
        set_config('clinic.password_hash', encode(presented, 'hex'), true);
    SELECT p.* INTO found FROM app_passwords p WHERE p.password_hash = presented;
    PERFORM set_config('clinic.password_hash', '', true);
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('clinic.id', found.clinic_id::text, true);
    RETURN QUERY SELECT found.clinic_id, found.id, found.therapist_id;
END $$;
"""

# Triggers keep these for every writer of the table: an object's stamp, and a row for each deletion.
FOLLOWED = """
ALTER TABLE busy_objects ADD COLUMN xid xid8 DEFAULT pg_current_xact_id() NOT NULL;
CREATE INDEX ix_busy_objects_xid ON busy_objects (clinic_id, therapist_id, xid, id)
    WHERE external_calendar_id IS NULL;
CREATE TABLE busy_deletions (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    href text NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    deleted_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_busy_deletions PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_busy_deletions_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id)
);
CREATE INDEX ix_busy_deletions_xid ON busy_deletions (clinic_id, therapist_id, xid, id);
CREATE FUNCTION stamp_busy_object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.xid := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER stamp_busy_object BEFORE UPDATE ON busy_objects
    FOR EACH ROW EXECUTE FUNCTION stamp_busy_object();
CREATE FUNCTION note_deleted_busy_object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO busy_deletions (clinic_id, id, therapist_id, href)
    VALUES (OLD.clinic_id, OLD.id, OLD.therapist_id, OLD.href);
    RETURN NULL;
END $$;
CREATE TRIGGER note_deleted_busy_object AFTER DELETE ON busy_objects
    FOR EACH ROW WHEN (OLD.external_calendar_id IS NULL) EXECUTE FUNCTION note_deleted_busy_object();
"""


def upgrade() -> None:
    """Create the tables, limit them to their clinic, and let a password be found by its hash alone."""
    op.execute(TABLE)
    protect("app_passwords")
    op.execute(AUTHENTICATE)
    op.execute(FOLLOWED)
    protect("busy_deletions")
