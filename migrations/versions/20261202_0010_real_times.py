"""Keep what a visit really occupies, and the steps by which its status has changed."""

from alembic import op

from migrations.policies import protect

revision = "20261202_0010"
down_revision = "20261201_0420"

# Earlier code writes neither of the new times, so the presence of its visits is as planned.
_PRESENCE = """
CREATE FUNCTION note_presence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.during := tstzrange(
        coalesce(NEW.present_from, NEW.starts_at), coalesce(NEW.present_until, NEW.ends_at)
    );
    RETURN NEW;
END $$;
CREATE TRIGGER note_presence BEFORE INSERT OR UPDATE OF starts_at, ends_at, present_from, present_until
    ON appointments FOR EACH ROW EXECUTE FUNCTION note_presence();
"""
_STEPS = """
CREATE TABLE appointment_steps (
    clinic_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    position smallint NOT NULL,
    before jsonb NOT NULL,
    claims jsonb,
    CONSTRAINT pk_appointment_steps PRIMARY KEY (clinic_id, appointment_id, position),
    CONSTRAINT fk_appointment_steps_appointment FOREIGN KEY (clinic_id, appointment_id)
        REFERENCES appointments (clinic_id, id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    """Expand only: a column that was computed is written by a trigger, which rewrites no row."""
    op.execute("""
        ALTER TABLE appointments
            ADD COLUMN present_from timestamptz,
            ADD COLUMN present_until timestamptz,
            ADD COLUMN closes_at timestamptz,
            ADD CONSTRAINT ck_appointments_presence
                CHECK ((present_from IS NULL) = (present_until IS NULL)) NOT VALID,
            ALTER COLUMN during DROP EXPRESSION
    """)
    op.execute(_PRESENCE)
    op.execute("""
        ALTER TABLE appointment_phases
            ADD COLUMN occupied_from timestamptz,
            ADD COLUMN occupied_until timestamptz,
            ADD COLUMN runs_on boolean DEFAULT false NOT NULL
    """)
    op.execute(_STEPS)
    protect("appointment_steps")
