"""Let patients be anonymised, and seal the answers that are kept for repeated requests."""

from alembic import op

revision = "20261203_0330"
down_revision = "20261203_0321"

# Empty columns rewrite no row; no row is anonymised yet, so the check has nothing to look at.
COLUMNS = """
ALTER TABLE patients
    ADD COLUMN anonymised_at timestamptz,
    ADD CONSTRAINT ck_patients_anonymised CHECK (
        anonymised_at IS NULL
        OR (name = 'Anonymised' AND search_text = ''
            AND num_nonnulls(email, phone, born_on, skin_type, external_id) = 0)
    ) NOT VALID;
ALTER TABLE patients VALIDATE CONSTRAINT ck_patients_anonymised;
ALTER TABLE idempotency_keys ADD COLUMN sealed bytea, ADD COLUMN about uuid[];
ALTER TABLE clinics ADD COLUMN retention jsonb DEFAULT '{}' NOT NULL;
"""

# The one exception to the log's being append-only: what entries say of anonymised patients is emptied. Who
# did what and when stays, and the trigger for each row lets nothing else change.
FORGET = """
DROP TRIGGER append_only ON audit_log;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_but_for_forgetting BEFORE UPDATE ON audit_log
    FOR EACH STATEMENT WHEN (current_setting('clinic.forgetting', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION refuse_change();
CREATE FUNCTION only_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) IS DISTINCT FROM to_jsonb(OLD) || '{"changes": {}}' THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_forget BEFORE UPDATE ON audit_log FOR EACH ROW EXECUTE FUNCTION only_forget();
CREATE FUNCTION forget_in_audit_log(subjects uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('clinic.forgetting', 'on', true);
    UPDATE audit_log SET changes = '{}'
    WHERE clinic_id = current_clinic() AND subject_id = ANY (subjects) AND changes <> '{}';
    PERFORM set_config('clinic.forgetting', '', true);
END $$;
"""

# As the function before it, which processes of the release before still call: to them a sealed answer is one
# that was not to be kept.
CLAIM = """
CREATE FUNCTION claim_idempotency_key_sealed(
    wanted bytea, high integer, low integer, at timestamptz,
    OUT claimed boolean, OUT fingerprint bytea, OUT status smallint, OUT headers jsonb, OUT body bytea,
    OUT sealed bytea
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    claimed := pg_try_advisory_xact_lock(high, low);
    IF NOT claimed THEN
        RETURN;
    END IF;
    SELECT k.fingerprint, k.status, k.headers, k.body, k.sealed
    INTO fingerprint, status, headers, body, sealed
    FROM idempotency_keys k
    WHERE k.clinic_id = current_clinic() AND k.key_hash = wanted AND k.expires_at > at;
END $$;
"""


def upgrade() -> None:
    """Add the columns, the exception, and the look-up of sealed answers."""
    op.execute(COLUMNS)
    op.execute(FORGET)
    op.execute(CLAIM)
