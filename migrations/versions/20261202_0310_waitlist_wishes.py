"""Let waitlist entries wish for a session of a course or an earlier time of a visit, and be fulfilled."""

from alembic import op

revision = "20261202_0310"
down_revision = "20261202_0300"

# The waitlist is short, so its checks and its index take no time; the columns are empty.
ENTRIES = """
ALTER TABLE waitlist_entries
    ADD COLUMN course_id uuid,
    ADD COLUMN appointment_id uuid,
    ADD CONSTRAINT fk_waitlist_entries_course
        FOREIGN KEY (clinic_id, course_id) REFERENCES courses (clinic_id, id),
    ADD CONSTRAINT fk_waitlist_entries_appointment
        FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id),
    DROP CONSTRAINT ck_waitlist_entries_status,
    ADD CONSTRAINT ck_waitlist_entries_status
        CHECK (status IN ('waiting', 'offered', 'accepted', 'declined', 'expired', 'fulfilled'));
CREATE INDEX ix_waitlist_entries_appointment ON waitlist_entries (clinic_id, appointment_id)
    WHERE appointment_id IS NOT NULL;
"""


def upgrade() -> None:
    """Add the columns and widen the check."""
    with op.get_context().autocommit_block():
        pass  # The revision before has locked a table, which the locks below must not be waited for with.
    # The foreign keys lock these two tables: first, as acts do, so that none waits the other way round.
    op.execute("LOCK TABLE appointments, courses IN SHARE ROW EXCLUSIVE MODE")
    op.execute(ENTRIES)
