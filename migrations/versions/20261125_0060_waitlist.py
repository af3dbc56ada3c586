"""Create the waitlist: who waits for time that is freed, and what they were offered."""

from alembic import op

from migrations.policies import protect

revision = "20261125_0060"
down_revision = "20261125_0050"

WAITLIST = """
CREATE TABLE waitlist_entries (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    procedure_id uuid NOT NULL,
    location_id uuid NOT NULL,
    areas text[] NOT NULL,
    therapist_id uuid,
    earliest_on date,
    latest_on date,
    weekdays smallint[],
    from_time smallint,
    until_time smallint,
    status text NOT NULL,
    hold_id uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_waitlist_entries PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_waitlist_entries_patient
        FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
    CONSTRAINT fk_waitlist_entries_procedure
        FOREIGN KEY (clinic_id, procedure_id) REFERENCES procedures (clinic_id, id),
    CONSTRAINT fk_waitlist_entries_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id),
    CONSTRAINT fk_waitlist_entries_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id),
    CONSTRAINT fk_waitlist_entries_hold
        FOREIGN KEY (clinic_id, hold_id) REFERENCES appointments (clinic_id, id),
    CONSTRAINT ck_waitlist_entries_status
        CHECK (status IN ('waiting', 'offered', 'accepted', 'declined', 'expired')),
    CONSTRAINT ck_waitlist_entries_dates CHECK (earliest_on <= latest_on),
    CONSTRAINT ck_waitlist_entries_times
        CHECK (0 <= from_time AND from_time < until_time AND until_time <= 1440),
    CONSTRAINT ck_waitlist_entries_offer
        CHECK (status NOT IN ('offered', 'accepted') OR hold_id IS NOT NULL)
);
CREATE UNIQUE INDEX ix_waitlist_entries_open
    ON waitlist_entries (clinic_id, patient_id, procedure_id, location_id)
    WHERE status IN ('waiting', 'offered');
CREATE INDEX ix_waitlist_entries_waiting ON waitlist_entries (clinic_id, location_id, id)
    WHERE status = 'waiting';
CREATE UNIQUE INDEX ix_waitlist_entries_hold ON waitlist_entries (clinic_id, hold_id);
CREATE INDEX ix_waitlist_entries_patient ON waitlist_entries (clinic_id, patient_id);
"""


def upgrade() -> None:
    """Create the table and limit it to its clinic."""
    op.execute(WAITLIST)
    protect("waitlist_entries")
