"""Let a rotated key's previous text go on for a while, and note when each kind of access was used last."""

from alembic import op

revision = "20261203_0310"
down_revision = "20261203_0110"

# Few rows each, all of the new columns empty: nothing is rewritten.
COLUMNS = """
ALTER TABLE api_keys
    ADD COLUMN previous_hash bytea,
    ADD COLUMN previous_until timestamptz,
    ADD COLUMN last_used_at timestamptz,
    ADD CONSTRAINT ck_api_keys_previous CHECK ((previous_hash IS NULL) = (previous_until IS NULL));
ALTER TABLE app_passwords ADD COLUMN last_used_at timestamptz;
ALTER TABLE calendar_feeds ADD COLUMN last_used_at timestamptz;
ALTER TABLE webhook_endpoints ADD COLUMN last_used_at timestamptz;
"""

# The previous text expires like the key itself, by the clock of whoever asks.
AUTHENTICATE = """
ALTER POLICY presented_key ON api_keys USING (
    (SELECT decode(nullif(current_setting('clinic.key_hash', true), ''), 'hex')) IN (key_hash, previous_hash)
);
CREATE OR REPLACE FUNCTION authenticate(presented bytea)
    RETURNS TABLE (
        clinic_id uuid, id uuid, kind text, scopes text[], origins text[], location_ids uuid[],
        expires_at timestamptz
    )
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    found api_keys;
BEGIN
    PERFORM set_config('clinic.id', '', true), set_config('clinic.key_hash', encode(presented, 'hex'), true);
    SELECT k.* INTO found FROM api_keys k WHERE k.key_hash = presented AND k.revoked_at IS NULL;
    IF found.id IS NULL THEN
        SELECT k.* INTO found FROM api_keys k WHERE k.previous_hash = presented AND k.revoked_at IS NULL;
        found.expires_at := least(found.expires_at, found.previous_until);
    END IF;
    PERFORM set_config('clinic.key_hash', '', true);
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('clinic.id', found.clinic_id::text, true);
    RETURN QUERY SELECT found.clinic_id, found.id, found.kind, found.scopes, found.origins,
        found.location_ids, found.expires_at;
END $$;
"""


def upgrade() -> None:
    """Add the columns; the lookup finds a key by its previous text too."""
    op.execute(COLUMNS)
    op.execute(AUTHENTICATE)
