"""Give patients a skin phototype, clinics the date of their last nightly work, policies their new numbers."""

from alembic import op
from sqlalchemy import text

revision = "20261124_2020"
down_revision = "20261124_2010"

COLUMNS = """
ALTER TABLE patients ADD COLUMN skin_type smallint;
ALTER TABLE patients ADD CONSTRAINT ck_patients_skin_type CHECK (skin_type BETWEEN 1 AND 6) NOT VALID;
ALTER TABLE patients VALIDATE CONSTRAINT ck_patients_skin_type;
ALTER TABLE clinics ADD COLUMN revalidated_on date;
"""

CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, true)")
# What a location has set for itself wins over the default.
POLICIES = text("""
    UPDATE locations SET policy = jsonb_build_object(
        'consultation_renewal_months', 18, 'numbing_gap_minutes', 15, 'many_sessions_a_year', 8,
        'skin_type_extra_days', 0
    ) || policy
""")


def upgrade() -> None:
    """Add the columns, then write the new numbers of each location's policy, clinic by clinic."""
    op.execute(COLUMNS)
    connection = op.get_bind()
    for clinic_id in connection.scalars(CLINICS).all():
        connection.execute(BIND, {"clinic_id": str(clinic_id)})
        connection.execute(POLICIES)
    connection.execute(BIND, {"clinic_id": ""})
