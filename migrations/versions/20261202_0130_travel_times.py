"""Create the times that staff need between two locations."""

from alembic import op

from migrations.policies import protect

revision = "20261202_0130"
down_revision = "20261202_0120"

TABLE = """
CREATE TABLE travel_times (
    clinic_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    other_location_id uuid NOT NULL,
    minutes smallint NOT NULL,
    CONSTRAINT pk_travel_times PRIMARY KEY (clinic_id, id),
    CONSTRAINT fk_travel_times_location
        FOREIGN KEY (clinic_id, location_id) REFERENCES locations (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_travel_times_other_location
        FOREIGN KEY (clinic_id, other_location_id) REFERENCES locations (clinic_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_travel_times_elsewhere CHECK (location_id <> other_location_id),
    CONSTRAINT ck_travel_times_minutes CHECK (minutes BETWEEN 0 AND 1440 AND mod(minutes, 5) = 0),
    CONSTRAINT uq_travel_times_way UNIQUE (clinic_id, location_id, other_location_id)
);
CREATE INDEX ix_travel_times_other_location ON travel_times (clinic_id, other_location_id);
"""


def upgrade() -> None:
    """Create the table, limit it to its clinic, and count its changes as the catalogue's."""
    op.execute(TABLE)
    protect("travel_times")
    op.execute(
        "CREATE TRIGGER touch_catalog BEFORE INSERT OR UPDATE OR DELETE ON travel_times "
        "FOR EACH STATEMENT EXECUTE FUNCTION touch_catalog()"
    )
