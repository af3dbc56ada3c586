"""Create appointments, what they occupy, the proof of their spacing, events and the audit log."""

from alembic import op

from migrations.policies import protect

revision = "20261122_2210"
down_revision = "20261122_2200"

# The exclusion constraints prove what the code only checks: that no resource and no patient is taken twice,
# and that no two sessions lie closer than a floor.
TABLES = """
CREATE TABLE appointments (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    status text NOT NULL,
    location_id uuid NOT NULL,
    procedure_id uuid NOT NULL,
    patient_id uuid,
    therapist_id uuid,
    course_id uuid,
    areas text[] NOT NULL,
    starts_at timestamptz NOT NULL,
    procedure_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    during tstzrange GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED NOT NULL,
    local_date date NOT NULL,
    expires_at timestamptz,
    notes text,
    warnings jsonb NOT NULL,
    flags jsonb NOT NULL,
    overrides jsonb NOT NULL,
    cancellation jsonb,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_appointments PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_appointments_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id),
    CONSTRAINT fk_appointments_procedure
        FOREIGN KEY (clinic_id, procedure_id) REFERENCES procedures (clinic_id, id),
    CONSTRAINT fk_appointments_patient
        FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
    CONSTRAINT fk_appointments_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id),
    CONSTRAINT ck_appointments_status
        CHECK (status IN (
            'held', 'booked', 'confirmed', 'arrived', 'numbing', 'in_progress', 'completed',
            'cancelled', 'no_show'
        )),
    CONSTRAINT ck_appointments_order CHECK (starts_at < ends_at),
    CONSTRAINT ck_appointments_patient CHECK (patient_id IS NOT NULL OR status = 'held'),
    CONSTRAINT ck_appointments_expiry CHECK ((expires_at IS NOT NULL) = (status = 'held')),
    CONSTRAINT ex_appointments_patient_busy
        EXCLUDE USING gist (clinic_id WITH =, patient_id WITH =, during WITH &&)
        WHERE (status <> 'cancelled' AND status <> 'no_show')
);
CREATE INDEX ix_appointments_location ON appointments (clinic_id, location_id, starts_at);
CREATE INDEX ix_appointments_patient ON appointments (clinic_id, patient_id, starts_at);
CREATE INDEX ix_appointments_therapist ON appointments (clinic_id, therapist_id, starts_at);
CREATE INDEX ix_appointments_local_date ON appointments (clinic_id, local_date);
CREATE INDEX ix_appointments_flagged ON appointments (clinic_id, id) WHERE flags <> '[]';
CREATE TABLE appointment_phases (
    clinic_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    position smallint NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    min_minutes smallint,
    max_minutes smallint,
    patient boolean NOT NULL,
    room_id uuid,
    lane smallint,
    therapist_id uuid,
    assistant_id uuid,
    device_id uuid,
    actual_starts_at timestamptz,
    actual_ends_at timestamptz,
    CONSTRAINT pk_appointment_phases PRIMARY KEY (clinic_id, appointment_id, position),
    CONSTRAINT fk_appointment_phases_appointment
        FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_appointment_phases_room FOREIGN KEY (clinic_id, room_id) REFERENCES rooms (clinic_id, id),
    CONSTRAINT fk_appointment_phases_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id),
    CONSTRAINT fk_appointment_phases_assistant
        FOREIGN KEY (clinic_id, assistant_id) REFERENCES therapists (clinic_id, id),
    CONSTRAINT fk_appointment_phases_device
        FOREIGN KEY (clinic_id, device_id) REFERENCES devices (clinic_id, id),
    CONSTRAINT ck_appointment_phases_order CHECK (starts_at < ends_at)
);
CREATE INDEX ix_appointment_phases_room ON appointment_phases (clinic_id, room_id)
    WHERE room_id IS NOT NULL;
CREATE INDEX ix_appointment_phases_therapist ON appointment_phases (clinic_id, therapist_id)
    WHERE therapist_id IS NOT NULL;
CREATE INDEX ix_appointment_phases_assistant ON appointment_phases (clinic_id, assistant_id)
    WHERE assistant_id IS NOT NULL;
CREATE INDEX ix_appointment_phases_device ON appointment_phases (clinic_id, device_id)
    WHERE device_id IS NOT NULL;
CREATE TABLE occupancies (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    resource_id uuid NOT NULL,
    lane smallint NOT NULL,
    start_tick integer NOT NULL,
    end_tick integer NOT NULL,
    during tstzrange
        GENERATED ALWAYS AS (tstzrange(to_timestamp(start_tick * 300::double precision),
        to_timestamp(end_tick * 300::double precision))) STORED NOT NULL,
    appointment_id uuid,
    CONSTRAINT pk_occupancies PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_occupancies_resource
        FOREIGN KEY (clinic_id, resource_id) REFERENCES resources (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_occupancies_appointment
        FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_occupancies_order CHECK (start_tick < end_tick),
    CONSTRAINT ck_occupancies_longest CHECK (end_tick - start_tick <= 288),
    CONSTRAINT ck_occupancies_lane CHECK (lane >= 0),
    CONSTRAINT ex_occupancies_resource_busy
        EXCLUDE USING gist (clinic_id WITH =, resource_id WITH =, lane WITH =, during WITH &&)
);
CREATE INDEX ix_occupancies_appointment ON occupancies (clinic_id, appointment_id);
CREATE INDEX ix_occupancies_end ON occupancies (clinic_id, resource_id, end_tick)
        INCLUDE (start_tick, lane);
CREATE TABLE spacing_claims (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    area text NOT NULL,
    role text NOT NULL,
    owner uuid NOT NULL,
    span daterange NOT NULL,
    CONSTRAINT pk_spacing_claims PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_spacing_claims_appointment
        FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_spacing_claims_patient
        FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
    CONSTRAINT fk_spacing_claims_rule
        FOREIGN KEY (clinic_id, rule_id) REFERENCES spacing_rules (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_spacing_claims_role CHECK (role IN ('after', 'before')),
    CONSTRAINT ex_spacing_claims_floor
        EXCLUDE USING gist (
            clinic_id WITH =, patient_id WITH =, rule_id WITH =, area WITH =,
            role WITH <>, owner WITH <>, span WITH &&
        )
);
CREATE INDEX ix_spacing_claims_appointment ON spacing_claims (clinic_id, appointment_id);
CREATE INDEX ix_spacing_claims_rule ON spacing_claims (clinic_id, rule_id);
CREATE TABLE events (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    subject_id uuid NOT NULL,
    data jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_events_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id)
);
CREATE INDEX ix_events_subject ON events (clinic_id, subject_id);
CREATE INDEX ix_events_xid ON events (clinic_id, xid);
CREATE TABLE audit_log (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    clinical_at timestamptz NOT NULL,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    key_id uuid,
    actor text,
    request_id text,
    changes jsonb NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_audit_log_clinic FOREIGN KEY (clinic_id) REFERENCES clinics (id)
);
CREATE INDEX ix_audit_log_subject ON audit_log (clinic_id, subject_id);
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Create the tables, limit each to its clinic and make the two logs append-only."""
    op.execute(TABLES)
    for table in (
        "appointments", "appointment_phases", "occupancies", "spacing_claims", "events", "audit_log",
    ):  # fmt: skip
        protect(table)
    op.execute(APPEND_ONLY)
