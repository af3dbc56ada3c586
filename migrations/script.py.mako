"""${message}."""

# Live systems: expand in one release, contract in a later one. A lock that is not had within five seconds
# ends the revision. An index on a large table is built while others write, in a revision of its own:
#
#     from migrations.indexes import build_index
#
#     build_index("ix_appointments_notes", "appointments (clinic_id, notes)")
#
# What else cannot run in a transaction stands in `with op.get_context().autocommit_block():`. All that has
# run before is committed then, and the revision is not noted until it ends: it must do no harm twice.

from alembic import op

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "..."}
