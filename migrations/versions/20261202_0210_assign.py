"""Give the policies of locations their way to assign staff and rooms."""

from alembic import op
from sqlalchemy import text

revision = "20261202_0210"
down_revision = "20261202_0200"

CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, true)")
# What a location has set for itself wins over the default.
POLICIES = text("UPDATE locations SET policy = jsonb_build_object('assign', 'balance') || policy")


def upgrade() -> None:
    """Write the default into each location's policy, clinic by clinic; earlier code does not read it."""
    with op.get_context().autocommit_block():
        pass  # The revisions before have locked tables: that must not last while rows are waited for.
    connection = op.get_bind()
    for clinic_id in connection.scalars(CLINICS).all():
        connection.execute(BIND, {"clinic_id": str(clinic_id)})
        connection.execute(POLICIES)
    connection.execute(BIND, {"clinic_id": ""})
