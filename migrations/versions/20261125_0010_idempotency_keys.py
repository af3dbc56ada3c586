"""Create the kept answers of requests that came with an Idempotency-Key."""

from alembic import op

from migrations.policies import protect

revision = "20261125_0010"
down_revision = "20261125_0000"

TABLE = """
CREATE TABLE idempotency_keys (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    key_hash bytea NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body bytea,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_idempotency_keys_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT ck_idempotency_keys_status CHECK (status BETWEEN 200 AND 299)
);
CREATE UNIQUE INDEX ix_idempotency_keys_key_hash ON idempotency_keys (clinic_id, key_hash);
CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (clinic_id, expires_at);
"""

# A lock of two numbers never meets one of a single number, which is what patients and resources have.
CLAIM = """
CREATE FUNCTION claim_idempotency_key(
    wanted bytea, high integer, low integer, at timestamptz,
    OUT claimed boolean, OUT fingerprint bytea, OUT status smallint, OUT headers jsonb, OUT body bytea
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    claimed := pg_try_advisory_xact_lock(high, low);
    IF NOT claimed THEN
        RETURN;
    END IF;
    -- In a volatile function this has a snapshot of its own: it shows what the lock's last holder committed.
    SELECT k.fingerprint, k.status, k.headers, k.body INTO fingerprint, status, headers, body
    FROM idempotency_keys k
    WHERE k.clinic_id = current_clinic() AND k.key_hash = wanted AND k.expires_at > at;
END $$;
"""


def upgrade() -> None:
    """Create the table, limited to its clinic, and the function that locks a key and looks it up."""
    op.execute(TABLE)
    protect("idempotency_keys")
    op.execute(CLAIM)
