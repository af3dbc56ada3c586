"""Note on courses when they lapsed and when their maintenance was told of."""

from alembic import op

revision = "20261125_0020"
down_revision = "20261125_0010"

# No course is lapsed yet, so the constraint finds no violation. NOT VALID keeps its lock for an instant
# only, and validating it afterwards lets others write.
COLUMNS = """
ALTER TABLE courses ADD COLUMN lapsed_on date;
ALTER TABLE courses ADD COLUMN maintenance_told_on date;
ALTER TABLE courses ADD CONSTRAINT ck_courses_lapsed
    CHECK ((lapsed_on IS NOT NULL) = (status = 'lapsed')) NOT VALID;
ALTER TABLE courses VALIDATE CONSTRAINT ck_courses_lapsed;
"""


def upgrade() -> None:
    """Add the columns; a course has the date of its lapse exactly while it is lapsed."""
    op.execute(COLUMNS)
