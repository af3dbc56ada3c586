"""Say of procedures whether patients book them online, and what they are told of them."""

from alembic import op
from sqlalchemy import text

revision = "20261203_0100"
down_revision = "20261202_0310"

COLUMNS = """
ALTER TABLE procedures
    ADD COLUMN online boolean DEFAULT false NOT NULL,
    ADD COLUMN description text,
    ADD COLUMN price jsonb;
"""
CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, true)")
# Widgets saw every procedure until now: they go on seeing those that a new clinic's catalogue offers online.
ONLINE = text("""
    UPDATE procedures SET online = true
    WHERE active AND NOT online AND code IN (
        'CONSULT_NEW', 'MN_FACE_SUP', 'MN_FACE_STD', 'MN_FACE_NECK', 'MN_FACE_DEEP', 'RF_MN_FACE',
        'MN_FACE_PRP'
    )
""")


def upgrade() -> None:
    """Add the columns, and offer the default catalogue's consultation and face treatments online."""
    op.execute(COLUMNS)
    connection = op.get_bind()
    for clinic_id in connection.scalars(CLINICS).all():
        connection.execute(BIND, {"clinic_id": str(clinic_id)})
        connection.execute(ONLINE)
    connection.execute(BIND, {"clinic_id": ""})
