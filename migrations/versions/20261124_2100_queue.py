"""Add the queue of background work, procrastinate's own tables, in a schema of their own."""

from importlib.resources import files

from alembic import op

revision = "20261124_2100"
down_revision = "20261124_2020"


def upgrade() -> None:
    """Run the library's schema, as its release 3.10 has it: pyproject.toml holds that release.

    The library's steps between releases cannot be used: PostgreSQL 15 takes no new value of an enum in the
    transaction that adds it. A new release needs a revision with its further steps.
    """
    schema = files("procrastinate.sql").joinpath("schema.sql").read_text(encoding="utf-8")
    op.execute("CREATE SCHEMA queue")
    op.execute("SET LOCAL search_path TO queue, public")
    # The driver's own cursor: the text holds colons and per cent signs that are no parameters.
    op.get_bind().connection.cursor().execute(schema)
    op.execute("SET LOCAL search_path TO public, queue")
