"""Brings a database to the newest revision, and tells whether it is there."""

from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option(
        "file_template", "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
    )
    config.set_main_option("path_separator", "os")
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Run every revision that the database lacks, up to the newest or the named revision."""
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        finally:
            # The session ends with the run, and with it its lock and timeouts: the pool never gets it back.
            connection.invalidate()


def new_revision(name: str, now: datetime) -> None:
    """Write an empty revision from the template, named by date."""
    command.revision(_config(), message=name, rev_id=f"{now:%Y%m%d_%H%M}")


def migrated(engine: Engine) -> bool:
    """Whether the database stands at the newest revision."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
