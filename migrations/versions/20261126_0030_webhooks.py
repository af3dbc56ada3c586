"""Create the webhooks: a clinic's endpoints, and the deliveries of its events to them."""

from alembic import op

from migrations.policies import protect

revision = "20261126_0030"
down_revision = "20261126_0010"

TABLES = """
CREATE TABLE webhook_endpoints (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    description text,
    active boolean DEFAULT true NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_until timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    failing_since timestamptz,
    timeouts smallint DEFAULT 0 NOT NULL,
    resting_until timestamptz,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_webhook_endpoints PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_webhook_endpoints_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT ck_webhook_endpoints_events CHECK (cardinality(events) > 0),
    CONSTRAINT ck_webhook_endpoints_disabled
        CHECK (
            (disabled_at IS NULL) = (disabled_reason IS NULL) AND NOT (active AND disabled_at IS NOT NULL)
        ),
    CONSTRAINT ck_webhook_endpoints_previous CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
CREATE TABLE webhook_deliveries (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid,
    type text NOT NULL,
    status text DEFAULT 'pending' NOT NULL,
    attempts jsonb DEFAULT '[]' NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    next_attempt_at timestamptz DEFAULT now(),
    leased_until timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_webhook_deliveries PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_webhook_deliveries_endpoint
        FOREIGN KEY (clinic_id, endpoint_id) REFERENCES webhook_endpoints (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_webhook_deliveries_event
        FOREIGN KEY (clinic_id, event_id) REFERENCES events (clinic_id, id),
    CONSTRAINT ck_webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'failed')),
    CONSTRAINT ck_webhook_deliveries_ping CHECK ((event_id IS NULL) = (type = 'ping')),
    CONSTRAINT ck_webhook_deliveries_next CHECK ((next_attempt_at IS NOT NULL) = (status = 'pending'))
);
CREATE INDEX ix_webhook_deliveries_due ON webhook_deliveries (clinic_id, endpoint_id, next_attempt_at, id)
    WHERE status = 'pending';
CREATE INDEX ix_webhook_deliveries_leased ON webhook_deliveries (clinic_id, endpoint_id)
    WHERE leased_until IS NOT NULL;
CREATE INDEX ix_webhook_deliveries_endpoint ON webhook_deliveries (clinic_id, endpoint_id, id);
CREATE INDEX ix_webhook_deliveries_event ON webhook_deliveries (clinic_id, event_id);
CREATE INDEX ix_webhook_deliveries_created ON webhook_deliveries (clinic_id, created_at);
"""


def upgrade() -> None:
    """Create the tables and limit them to their clinic."""
    op.execute(TABLES)
    for table in ("webhook_endpoints", "webhook_deliveries"):
        protect(table)
