"""The `clinic` command: serve, work in the background, migrate, create clinics and keys, the demo, check."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import click
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError

from booking.catalogue.api_keys import create_api_key
from booking.catalogue.clinics import CATALOGUES, create_clinic
from booking.claims.reconciling import differences
from booking.core.caller import Caller
from config import ConfigError, Settings
from jobs import demo, nightly
from jobs.child_process import running
from jobs.codes import sending_of
from jobs.queue import make_queue
from jobs.rounds import clinics
from jobs.worker import work
from migrations.runner import migrate
from models.clinics import Clinic
from models.database import Database
from models.postgres import database_url
from schemas.api_keys import ApiKeySchema
from schemas.times import Zone
from serving import Server, require_free_port
from sync.changes.cursors import renew_epoch
from version import VERSION


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the migrated database; start the embedded PostgreSQL if the settings name no other."""
    database = Database(database_url(settings))
    try:
        _migrate(database)
        yield database
    finally:
        database.close()


def _migrate(database: Database) -> None:
    """Bring the database to the newest revision; ConfigError when that cannot be done."""
    try:
        migrate(database.engine)
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0].rstrip(".")
        raise ConfigError(f"The database cannot be migrated: {reason}.") from error
    except TimeoutError as error:
        raise ConfigError(f"The database cannot be migrated: {error}.") from error


@click.group()
@click.version_option(VERSION, prog_name="clinic", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Run the clinic scheduling API; settings come from the environment: docs/operating.md."""
    # SIGTERM becomes a normal exit, which also gives up the share of an embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        context.obj = Settings.from_env()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Migrate, then serve the API until stopped; on its first run load the demo clinic beside it."""
    with _one_line_errors():
        require_free_port(settings)
        with open_database(settings) as database:
            url = database.url
            card = demo.prepare(database, settings, datetime.now(UTC)) if settings.demo else None
        # The connections are closed by now: gunicorn's workers are forks, and must not share any.
        with demo.filling(settings, card), running(settings, "worker", "--beside"):
            Server(settings, url, lambda: print(demo.welcome(settings, card), flush=True)).run()


@main.command()
@click.option("--beside", is_flag=True, hidden=True)
@click.pass_obj
def worker(settings: Settings, beside: bool) -> None:
    """Run the background work until stopped; any number of workers may run, and `serve` starts its own."""
    with _one_line_errors(), open_database(settings) as database:
        queue = make_queue(
            database,
            lambda: datetime.now(UTC),
            sending_of(settings),
            allow_loopback=settings.allow_loopback_urls,
        )
        work(queue, sys.stdin if beside else None)


@main.command()
@click.pass_obj
def revalidate(settings: Settings) -> None:
    """Judge every clinic's booked visits again now: flag what the rules would refuse, clear the rest."""
    with _one_line_errors(), open_database(settings) as database:
        found = nightly.revalidate(database, clinics(database), datetime.now(UTC))
    click.echo(f"{found.judged} visits judged, {found.flagged} flagged.")


@main.command("migrate")
@click.pass_obj
def migrate_command(settings: Settings) -> None:
    """Bring the database to the newest revision."""
    with _one_line_errors(), open_database(settings):
        click.echo("The database is at the newest revision.")


@main.command("create-clinic")
@click.option("--name", required=True)
@click.option("--timezone", required=True, help="An IANA zone such as Europe/London.")
@click.option("--catalogue", type=click.Choice(CATALOGUES), default="default", show_default=True)
@click.pass_obj
def create_clinic_command(settings: Settings, name: str, timezone: str, catalogue: str) -> None:
    """Make a clinic and print its id and its administrator's key as JSON; the key is shown this once."""
    try:
        zone = Zone().deserialize(timezone)
    except Exception as error:
        raise click.BadParameter("not an IANA time zone", param_hint="--timezone") from error
    with _one_line_errors(), open_database(settings) as database:
        made = create_clinic(database, name=name, timezone=zone, catalogue=catalogue, now=datetime.now(UTC))
    click.echo(json.dumps({"clinic_id": str(made.clinic_id), "admin_key": made.admin_key}))


@main.command("create-key")
@click.option("--clinic", "clinic_id", type=click.UUID, required=True, help="The clinic's id.")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--scopes", required=True, multiple=True, help="Scopes such as admin, separated by commas.")
@click.pass_obj
def create_key_command(settings: Settings, clinic_id: UUID, name: str, scopes: tuple[str, ...]) -> None:
    """Make a secret key and print it as JSON, also when nobody has a key any more; it is shown this once."""
    wanted = {"name": name, "kind": "secret", "scopes": ",".join(scopes).split(",")}
    try:
        values = ApiKeySchema().load(wanted)
    except ValidationError as error:
        raise click.UsageError(f"{error.messages}") from error
    with _one_line_errors(), open_database(settings) as database, database.transaction(clinic_id) as session:
        if session.get(Clinic, clinic_id) is None:
            raise ConfigError("There is no clinic with this id.")
        key, text = create_api_key(Caller(session, clinic_id, datetime.now(UTC)), values)
    click.echo(json.dumps({"clinic_id": str(clinic_id), "key_id": str(key.id), "key": text}))


@main.command("demo")
@click.pass_obj
def demo_command(settings: Settings) -> None:
    """Make the demo clinic if it is missing, and book its three months."""
    with _one_line_errors(), open_database(settings) as database:
        card = demo.prepare(database, settings, datetime.now(UTC))
        demo.fill(database, settings, card)


@main.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Compare the occupancies and the change feed with the appointments; exit 1 on any difference."""
    found = 0
    with _one_line_errors(), open_database(settings) as database:
        for difference in differences(database):
            found += 1
            click.echo(
                f"clinic {difference.clinic_id}: appointment {difference.appointment_id} "
                f"and its {difference.kept_in} on {difference.resource_id} disagree"
            )
    click.echo(f"{found} differences.")
    sys.exit(1 if found else 0)


@main.command("renew-epoch")
@click.pass_obj
def renew_epoch_command(settings: Settings) -> None:
    """Expire every cursor of the change feed: run this after restoring the database."""
    with _one_line_errors(), open_database(settings) as database:
        for clinic_id in clinics(database):
            with database.transaction(clinic_id) as session:
                renew_epoch(session)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Print what to set as a single line, instead of a traceback."""
    try:
        yield
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
