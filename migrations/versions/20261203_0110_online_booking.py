"""Let patients prove their address by a code, book with a token, and change a visit by a link."""

from alembic import op

from migrations.policies import protect

revision = "20261203_0110"
down_revision = "20261203_0100"

COLUMNS = """
ALTER TABLE appointments
    ADD COLUMN online boolean DEFAULT false NOT NULL,
    ADD COLUMN links_issue integer DEFAULT 1 NOT NULL;
ALTER TABLE clinics
    ADD COLUMN limits jsonb DEFAULT '{}' NOT NULL,
    ADD COLUMN messages_fetched_at timestamptz;
"""
TABLES = """
CREATE TABLE booking_codes (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    email text,
    phone text,
    key_id uuid,
    visitor bytea NOT NULL,
    code_digest bytea NOT NULL,
    sealed bytea,
    tries smallint DEFAULT 0 NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    over_at timestamptz,
    CONSTRAINT pk_booking_codes PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_booking_codes_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT ck_booking_codes_address CHECK (num_nonnulls(email, phone) = 1),
    CONSTRAINT ck_booking_codes_tries CHECK (tries BETWEEN 0 AND 5)
);
CREATE INDEX ix_booking_codes_email ON booking_codes (clinic_id, email, made_at);
CREATE INDEX ix_booking_codes_phone ON booking_codes (clinic_id, phone, made_at);
CREATE INDEX ix_booking_codes_visitor ON booking_codes (clinic_id, visitor, made_at);
CREATE INDEX ix_booking_codes_made_at ON booking_codes (clinic_id, made_at);
CREATE TABLE booking_tokens (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    email text,
    phone text,
    key_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_booking_tokens PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_booking_tokens_key
        FOREIGN KEY (clinic_id, key_id) REFERENCES api_keys (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_booking_tokens_address CHECK (num_nonnulls(email, phone) = 1)
);
CREATE UNIQUE INDEX ix_booking_tokens_token_hash ON booking_tokens (clinic_id, token_hash);
CREATE INDEX ix_booking_tokens_expires_at ON booking_tokens (clinic_id, expires_at);
CREATE INDEX ix_booking_tokens_key ON booking_tokens (clinic_id, key_id);
"""


def upgrade() -> None:
    """Add the columns and tables, which earlier code does not see."""
    op.execute(COLUMNS)
    op.execute(TABLES)
    protect("booking_codes")
    protect("booking_tokens")
