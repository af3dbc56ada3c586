"""Create the special hours of locations and of staff, each of one date."""

from alembic import op

from migrations.policies import protect

revision = "20261202_0110"
down_revision = "20261202_0100"

DAYS = """
CREATE TABLE special_opening_days (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    on_date date NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_special_opening_days PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_special_opening_days_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT uq_special_opening_days_date UNIQUE (clinic_id, location_id, on_date)
);
CREATE TABLE special_working_days (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    therapist_id uuid NOT NULL,
    location_id uuid NOT NULL,
    on_date date NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_special_working_days PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_special_working_days_therapist
        FOREIGN KEY (clinic_id, therapist_id) REFERENCES therapists (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_special_working_days_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id),
    CONSTRAINT uq_special_working_days_date UNIQUE (clinic_id, therapist_id, on_date, location_id)
);
CREATE INDEX ix_special_working_days_location ON special_working_days (clinic_id, location_id);
"""

PERIODS = """
CREATE TABLE special_{kind}_periods (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    day_id uuid NOT NULL,
    starts smallint NOT NULL,
    ends smallint NOT NULL,
    CONSTRAINT pk_special_{kind}_periods PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_special_{kind}_periods_day
        FOREIGN KEY (clinic_id, day_id) REFERENCES special_{kind}_days (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_special_{kind}_periods_period CHECK (0 <= starts AND starts < ends AND ends <= 1440),
    CONSTRAINT ck_special_{kind}_periods_grid CHECK (mod(starts, 5) = 0 AND mod(ends, 5) = 0),
    CONSTRAINT ex_special_{kind}_periods_overlap
        EXCLUDE USING gist (clinic_id WITH =, day_id WITH =, int4range(starts, ends) WITH &&)
);
"""


def upgrade() -> None:
    """Create the tables, limit them to their clinic, and count their changes as the catalogue's."""
    op.execute(DAYS)
    for kind in ("opening", "working"):
        op.execute(PERIODS.format(kind=kind))
        for table in (f"special_{kind}_days", f"special_{kind}_periods"):
            protect(table)
            op.execute(
                f"CREATE TRIGGER touch_catalog BEFORE INSERT OR UPDATE OR DELETE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION touch_catalog()"
            )
