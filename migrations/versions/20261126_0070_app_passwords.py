"""Create the app passwords of calendar programs."""

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


def upgrade() -> None:
    """Create the table, hold it to its clinic, and let a password be found by its hash alone."""
    op.execute(TABLE)
    protect("app_passwords")
    op.execute(AUTHENTICATE)
