"""Keep, for each scope of the change feed, which appointments changed in which transaction."""

from alembic import op

from migrations.policies import protect

revision = "20261126_0050"
down_revision = "20261126_0040"

TABLES = """
ALTER TABLE clinics ADD COLUMN sync_secret uuid DEFAULT gen_random_uuid() NOT NULL;
ALTER TABLE clinics ADD COLUMN sync_epoch uuid DEFAULT gen_random_uuid() NOT NULL;
CREATE TABLE changes (
    clinic_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    scope_id uuid NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    present boolean NOT NULL,
    changed_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_changes PRIMARY KEY (clinic_id, appointment_id, scope_id),
    CONSTRAINT fk_changes_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id)
);
CREATE INDEX ix_changes_xid ON changes (clinic_id, scope_id, xid, appointment_id);
"""

# A hold that has not become an appointment is in no scope.
FUNCTIONS = """
CREATE FUNCTION scopes_of(clinic uuid, appointment uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT s.scope_id
    FROM appointments a CROSS JOIN LATERAL (
        VALUES (a.clinic_id), (a.location_id), (a.patient_id), (a.therapist_id)
    ) AS s (scope_id)
    WHERE a.clinic_id = clinic AND a.id = appointment AND s.scope_id IS NOT NULL
      AND (a.hold IS NULL OR a.hold->>'ended' = 'converted')
    UNION
    SELECT s.scope_id
    FROM appointments a
    JOIN appointment_phases p ON p.clinic_id = a.clinic_id AND p.appointment_id = a.id
    CROSS JOIN LATERAL (
        VALUES (p.room_id), (p.therapist_id), (p.assistant_id), (p.device_id)
    ) AS s (scope_id)
    WHERE a.clinic_id = clinic AND a.id = appointment AND s.scope_id IS NOT NULL
      AND (a.hold IS NULL OR a.hold->>'ended' = 'converted')
$$;
CREATE FUNCTION note_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clinic uuid := coalesce(NEW.clinic_id, OLD.clinic_id);
    appointment uuid := coalesce(NEW.id, OLD.id);
    scopes uuid[] := ARRAY(SELECT scopes_of(clinic, appointment));
    noted integer;
    left_behind integer;
BEGIN
    -- An appointment that was written twice comes by twice; the second time nothing is left to do.
    INSERT INTO changes AS c (clinic_id, scope_id, appointment_id, xid, present)
    SELECT clinic, scope_id, appointment, pg_current_xact_id(), true FROM unnest(scopes) AS scope_id
    ON CONFLICT (clinic_id, appointment_id, scope_id) DO UPDATE
        SET xid = excluded.xid, present = true, changed_at = excluded.changed_at
        WHERE c.xid <> excluded.xid OR NOT c.present;
    GET DIAGNOSTICS noted = ROW_COUNT;
    UPDATE changes SET xid = pg_current_xact_id(), present = false, changed_at = now()
    WHERE clinic_id = clinic AND appointment_id = appointment AND present AND scope_id <> ALL (scopes);
    GET DIAGNOSTICS left_behind = ROW_COUNT;
    IF noted + left_behind > 0 THEN
        PERFORM pg_notify('changes', clinic::text);
    END IF;
    RETURN NULL;
END $$;
"""

# The trigger runs at commit, when the appointment's phases are final.
TRIGGER = """
CREATE CONSTRAINT TRIGGER note_changes AFTER INSERT OR UPDATE OR DELETE ON appointments
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_changes();
"""

# Row-level security shows one clinic's appointments at a time.
BACKFILL = """
DO $$
DECLARE
    clinic uuid;
BEGIN
    FOR clinic IN SELECT clinic_ids() LOOP
        PERFORM set_config('clinic.id', clinic::text, true);
        INSERT INTO changes (clinic_id, scope_id, appointment_id, present)
        SELECT a.clinic_id, s, a.id, true
        FROM appointments a CROSS JOIN LATERAL scopes_of(a.clinic_id, a.id) AS s;
    END LOOP;
    PERFORM set_config('clinic.id', '', true);
END $$;
"""


def upgrade() -> None:
    """Create the table, limit it to its clinic, fill it, and let a trigger keep it from here on."""
    op.execute(TABLES)
    protect("changes")
    op.execute(FUNCTIONS)
    op.execute(BACKFILL)
    op.execute(TRIGGER)
