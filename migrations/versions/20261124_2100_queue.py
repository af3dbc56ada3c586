"""Add the queue of background work, procrastinate's own tables, in a schema of their own."""

from importlib.resources import files

from alembic import op

revision = "20261124_2100"
down_revision = "20261124_2020"

# The library keeps every step of its schema; a later release's further steps are a later revision's.
LAST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def upgrade() -> None:
    """Run the library's steps up to the last that this revision knows."""
    steps = files("procrastinate.sql.migrations").iterdir()
    wanted = sorted((one for one in steps if one.name.endswith(".sql") and one.name <= LAST), key=str)
    op.execute("CREATE SCHEMA queue")
    op.execute("SET LOCAL search_path TO queue, public")
    for step in wanted:
        # The driver's own cursor: the text holds colons and per cent signs that are no parameters.
        op.get_bind().connection.cursor().execute(step.read_text(encoding="utf-8"))
    op.execute("SET LOCAL search_path TO public, queue")
