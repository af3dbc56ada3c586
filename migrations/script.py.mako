"""${message}."""

# Live systems: expand in one release, contract in a later one. A lock that is not had within five seconds
# ends the revision; build indexes on large tables CONCURRENTLY in a revision of their own.

from alembic import op

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "..."}
