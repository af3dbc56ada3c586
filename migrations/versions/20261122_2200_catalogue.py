"""Create clinics, their keys, their catalogue and their patients, each limited to its clinic."""

from alembic import op

from migrations.policies import protect

revision = "20261122_2200"
down_revision = None

TABLES = """
CREATE TABLE clinics (
    id uuid NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_clinics PRIMARY KEY (id)
);
CREATE TABLE api_keys (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    scopes text[] NOT NULL,
    origins text[] NOT NULL,
    location_ids uuid[],
    key_hash bytea NOT NULL,
    key_hint text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_api_keys PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_api_keys_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT ck_api_keys_kind CHECK (kind IN ('secret', 'publishable'))
);
CREATE UNIQUE INDEX ix_api_keys_key_hash ON api_keys (key_hash);
CREATE TABLE catalog_versions (
    clinic_id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT pk_catalog_versions PRIMARY KEY (clinic_id),
    CONSTRAINT fk_catalog_versions_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id)
);
CREATE TABLE locations (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    country text,
    subdivision text,
    observes_public_holidays boolean NOT NULL,
    policy jsonb NOT NULL,
    active boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_locations PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_locations_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id)
);
CREATE TABLE opening_hours (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    weekday smallint NOT NULL,
    starts smallint NOT NULL,
    ends smallint NOT NULL,
    valid_from date,
    valid_until date,
    CONSTRAINT pk_opening_hours PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_opening_hours_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_opening_hours_period
        CHECK (weekday BETWEEN 0 AND 6 AND 0 <= starts AND starts < ends AND ends <= 1440),
    CONSTRAINT ck_opening_hours_grid CHECK (mod(starts, 5) = 0 AND mod(ends, 5) = 0),
    CONSTRAINT ck_opening_hours_validity
        CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
CREATE INDEX ix_opening_hours_location ON opening_hours (clinic_id, location_id);
CREATE TABLE closures (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reason text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_closures PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_closures_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_closures_order CHECK (starts_at < ends_at)
);
CREATE INDEX ix_closures_location ON closures (clinic_id, location_id, starts_at);
CREATE TABLE resources (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_resources PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_resources_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT ck_resources_type CHECK (type IN ('therapist', 'room', 'device'))
);
CREATE TABLE therapists (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    treats boolean NOT NULL,
    CONSTRAINT pk_therapists PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_therapists_id
        FOREIGN KEY (clinic_id, id) REFERENCES resources (clinic_id, id) ON DELETE CASCADE
);
CREATE TABLE rooms (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    kind text NOT NULL,
    capacity smallint NOT NULL,
    CONSTRAINT pk_rooms PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_rooms_id
        FOREIGN KEY (clinic_id, id) REFERENCES resources (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_rooms_location FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id),
    CONSTRAINT ck_rooms_capacity CHECK (capacity BETWEEN 1 AND 100)
);
CREATE TABLE devices (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    kind text NOT NULL,
    room_id uuid,
    CONSTRAINT pk_devices PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_devices_id
        FOREIGN KEY (clinic_id, id) REFERENCES resources (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_devices_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id),
    CONSTRAINT fk_devices_room FOREIGN KEY (clinic_id, room_id) REFERENCES rooms (clinic_id, id)
);
CREATE TABLE qualifications (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    code text NOT NULL,
    max_depth_mm jsonb,
    valid_from date,
    valid_until date,
    location_id uuid,
    CONSTRAINT pk_qualifications PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_qualifications_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_qualifications_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id),
    CONSTRAINT ck_qualifications_validity
        CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
CREATE INDEX ix_qualifications_therapist ON qualifications (clinic_id, therapist_id);
CREATE TABLE working_hours (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    location_id uuid NOT NULL,
    weekday smallint NOT NULL,
    starts smallint NOT NULL,
    ends smallint NOT NULL,
    valid_from date,
    valid_until date,
    CONSTRAINT pk_working_hours PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_working_hours_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_working_hours_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id),
    CONSTRAINT ck_working_hours_period
        CHECK (weekday BETWEEN 0 AND 6 AND 0 <= starts AND starts < ends AND ends <= 1440),
    CONSTRAINT ck_working_hours_grid CHECK (mod(starts, 5) = 0 AND mod(ends, 5) = 0),
    CONSTRAINT ck_working_hours_validity
        CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
CREATE INDEX ix_working_hours_therapist ON working_hours (clinic_id, therapist_id);
CREATE TABLE blocks (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    resource_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reason text NOT NULL,
    repeats jsonb,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_blocks PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_blocks_resource
        FOREIGN KEY (clinic_id, resource_id) REFERENCES resources (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_blocks_order CHECK (starts_at < ends_at)
);
CREATE INDEX ix_blocks_resource ON blocks (clinic_id, resource_id, starts_at);
CREATE TABLE procedures (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    family text NOT NULL,
    areas text[] NOT NULL,
    choose_areas boolean NOT NULL,
    depth_mm numeric(4, 2),
    qualifications text[] NOT NULL,
    qualifications_any text[] NOT NULL,
    counts_as text,
    prerequisites jsonb NOT NULL,
    active boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_procedures PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_procedures_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT uq_procedures_code UNIQUE (clinic_id, code)
);
CREATE TABLE phases (
    clinic_id uuid NOT NULL,
    procedure_id uuid NOT NULL,
    position smallint NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    minutes smallint NOT NULL,
    min_minutes smallint,
    max_minutes smallint,
    therapist boolean NOT NULL,
    assistant text,
    room_kinds text[] NOT NULL,
    device_kinds text[] NOT NULL,
    patient boolean NOT NULL,
    at_minute smallint,
    CONSTRAINT pk_phases PRIMARY KEY (clinic_id, procedure_id, position),
    CONSTRAINT fk_phases_procedure
        FOREIGN KEY (clinic_id, procedure_id) REFERENCES procedures (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_phases_minutes CHECK (minutes BETWEEN 5 AND 600 AND mod(minutes, 5) = 0),
    CONSTRAINT ck_phases_min_minutes CHECK (0 <= min_minutes AND min_minutes <= minutes),
    CONSTRAINT ck_phases_max_minutes CHECK (max_minutes >= minutes),
    CONSTRAINT ck_phases_at_minute CHECK (at_minute >= 0 AND mod(at_minute, 5) = 0),
    CONSTRAINT ck_phases_kind
        CHECK (kind IN ('intake', 'numbing', 'prep', 'procedure', 'aftercare', 'turnover', 'consultation'))
);
CREATE TABLE spacing_rules (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    after jsonb NOT NULL,
    before jsonb NOT NULL,
    scope text NOT NULL,
    floor_days smallint NOT NULL,
    min_days smallint NOT NULL,
    recommended_days smallint,
    overdue_days smallint,
    override_by text,
    active boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_spacing_rules PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_spacing_rules_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT ck_spacing_rules_scope CHECK (scope IN ('area', 'patient')),
    CONSTRAINT ck_spacing_rules_floor CHECK (0 <= floor_days AND floor_days <= min_days),
    CONSTRAINT ck_spacing_rules_recommended CHECK (recommended_days >= min_days),
    CONSTRAINT ck_spacing_rules_overdue CHECK (overdue_days >= coalesce(recommended_days, min_days)),
    CONSTRAINT ck_spacing_rules_override_by
        CHECK (override_by IN ('desk', 'therapist', 'clinician', 'dermatologist'))
);
CREATE INDEX ix_spacing_rules_code ON spacing_rules (clinic_id, code);
CREATE TABLE patients (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    email text,
    phone text,
    born_on date,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_patients PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_patients_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id),
    CONSTRAINT uq_patients_external_id UNIQUE (clinic_id, external_id)
);
CREATE INDEX ix_patients_email ON patients (clinic_id, email);
CREATE INDEX ix_patients_phone ON patients (clinic_id, phone);
"""

# Everything that the engine's answers depend on, apart from time already taken.
CATALOGUE = (
    "locations", "opening_hours", "closures", "resources", "therapists", "rooms", "devices",
    "qualifications", "working_hours", "procedures", "phases", "spacing_rules",
)  # fmt: skip

FUNCTIONS = """
CREATE FUNCTION current_clinic() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('clinic.id', true), '')::uuid
$$;
CREATE FUNCTION lock_key(id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint
$$;
CREATE FUNCTION touch_catalog() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Bookings hold this lock shared: whoever changes the catalogue waits for them before touching a row.
    PERFORM pg_advisory_xact_lock(lock_key(current_clinic()));
    UPDATE catalog_versions SET version = version + 1 WHERE clinic_id = current_clinic();
    RETURN NULL;
END $$;
"""

# Before the clinic is known, row-level security shows only the key whose hash was presented.
AUTHENTICATE = """
CREATE POLICY presented_key ON api_keys FOR SELECT USING (
    key_hash = (SELECT decode(nullif(current_setting('clinic.key_hash', true), ''), 'hex'))
);
CREATE FUNCTION authenticate(presented bytea)
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
    PERFORM set_config('clinic.key_hash', '', true);
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('clinic.id', found.clinic_id::text, true);
    RETURN QUERY SELECT found.clinic_id, found.id, found.kind, found.scopes, found.origins,
        found.location_ids, found.expires_at;
END $$;
"""

# Maintenance goes from clinic to clinic; this shows it their ids and nothing else.
CLINIC_IDS = """
CREATE POLICY being_listed ON clinics FOR SELECT USING (
    (SELECT current_setting('clinic.listing', true)) = 'on'
);
CREATE FUNCTION clinic_ids() RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM set_config('clinic.listing', 'on', true);
    RETURN QUERY SELECT id FROM clinics ORDER BY id;
    PERFORM set_config('clinic.listing', '', true);
END $$;
"""


def upgrade() -> None:
    """Create the tables, then limit each of them to its clinic."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(FUNCTIONS)
    op.execute(TABLES)
    protect("clinics", column="id")
    for table in (*CATALOGUE, "api_keys", "catalog_versions", "blocks", "patients"):
        protect(table)
    for table in CATALOGUE:
        op.execute(
            f"CREATE TRIGGER touch_catalog BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION touch_catalog()"
        )
    op.execute(AUTHENTICATE)
    op.execute(CLINIC_IDS)
