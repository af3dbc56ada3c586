"""The `clinic` command: its output and its exit status, also while a server runs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from api.app import create_app
from config import PROJECT, Settings
from models.database import Database
from tests.support.desk import Desk
from tests.support.full_clinic import book_visit, create_visit_question
from tests.support.processes import User, clinic, clinic_here, data_folder, environment

CREATE = ("create-clinic", "--name", "Harbour", "--timezone", "Europe/Lisbon")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Give a data folder whose embedded database a process uses during all tests."""
    with data_folder() as folder, User(folder) as user:
        (folder / "url").write_text(user.url())
        yield folder


@pytest.fixture(scope="module")
def embedded(folder: Path) -> Iterator[Database]:
    """Give the database of that folder."""
    database = Database((folder / "url").read_text())
    yield database
    database.close()


def create(database: Database, *options: str) -> dict[str, str]:
    """Make a clinic on the command line and read what it prints."""
    told = clinic_here(*CREATE, *options, DATABASE_URL=database.url)
    assert (told.exit_code, told.stderr) == (0, "")
    printed: dict[str, str] = json.loads(told.stdout)
    return printed


@pytest.fixture(scope="module")
def served(embedded: Database) -> Flask:
    """Make the application on that database."""
    return create_app(Settings(sandbox=True), embedded)


@pytest.fixture
def desk(embedded: Database, served: Flask) -> Desk:
    """Give the desk of a clinic made on the command line."""
    made = create(embedded, "--catalogue", "none")
    return Desk(served, UUID(made["clinic_id"]), made["admin_key"])


def test_a_clinic_made_beside_a_running_server_is_printed_as_json(folder: Path) -> None:
    told = clinic(*CREATE, "--catalogue", "none", CLINIC_DATA_DIR=str(folder))

    assert (told.returncode, told.stderr) == (0, "")
    assert set(json.loads(told.stdout)) == {"clinic_id", "admin_key"}


def test_a_clinic_starts_with_the_default_catalogue(embedded: Database, desk: Desk) -> None:
    made = create(embedded)
    codes = [one["code"] for one in desk.using(made["admin_key"]).get("/procedures").get_json()["items"]]

    assert "MN_FACE_STD" in codes


def test_a_clinic_made_without_a_catalogue_has_none(desk: Desk) -> None:
    assert desk.get("/procedures").get_json()["items"] == []


def test_the_printed_key_opens_the_clinic(desk: Desk) -> None:
    assert desk.get("/locations").status_code == 200


def test_a_key_can_be_made_when_nobody_has_one(embedded: Database, desk: Desk) -> None:
    named = (
        "create-key",
        "--clinic",
        str(desk.clinic_id),
        "--name",
        "Way back",
        "--scopes",
        "admin,audit:read",
    )

    told = clinic_here(*named, DATABASE_URL=embedded.url)

    made = json.loads(told.stdout)
    assert set(made) == {"clinic_id", "key_id", "key"}
    assert desk.using(made["key"]).get("/key").get_json()["scopes"] == ["admin", "audit:read"]


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"--clinic": "018f3f3e-0000-7000-8000-00000000000a"}, 1, "There is no clinic with this id."),
        ({"--clinic": "Harbour"}, 2, "'Harbour' is not a valid UUID."),
        ({"--scopes": "everything"}, 2, "Must be one of: catalog:read"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused_by_name(
    embedded: Database, desk: Desk, changed: dict[str, str], code: int, message: str
) -> None:
    named = {"--clinic": str(desk.clinic_id), "--name": "Way back", "--scopes": "admin"} | changed

    told = clinic_here("create-key", *chain.from_iterable(named.items()), DATABASE_URL=embedded.url)

    assert (told.exit_code, told.stdout) == (code, "")
    assert message in told.stderr


@pytest.mark.parametrize("zone", ["Europe/Atlantis", ""])
def test_a_zone_that_is_none_is_refused_by_name(embedded: Database, zone: str) -> None:
    told = clinic_here("create-clinic", "--name", "X", "--timezone", zone, DATABASE_URL=embedded.url)

    assert told.exit_code != 0
    assert told.stdout == ""
    assert told.stderr.splitlines()[-1] == "Error: Invalid value for --timezone: not an IANA time zone"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://db/clinic",
        "postgresql://u:opensesame@127.0.0.1:1/clinic",
        "postgresql://u:opensesame@127.0.0.1:port/clinic",
        "postgresql:///clinic?no_such_option=1",
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(url: str) -> None:
    told = clinic_here("migrate", DATABASE_URL=url)

    assert told.exit_code == 1
    assert told.stderr.startswith("Error: DATABASE_URL ")
    assert told.stderr.count("\n") == 1
    assert "opensesame" not in told.stderr


def test_a_bad_setting_is_one_line_for_every_command() -> None:
    told = clinic("serve", PORT="http")

    assert told.returncode == 1
    assert told.stderr == "Error: PORT must be a whole number from 1 to 65535.\n"


def test_migrating_again_succeeds_and_changes_nothing(folder: Path) -> None:
    told = [clinic("migrate", CLINIC_DATA_DIR=str(folder)) for _ in range(2)]

    assert [one.returncode for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout == "The database is at the newest revision.\n"


def test_processes_that_migrate_one_database_at_once_all_succeed(empty_folder: Path) -> None:
    with ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda _: clinic("migrate", CLINIC_DATA_DIR=str(empty_folder)), range(2)))

    assert [(one.returncode, one.stderr) for one in told] == [(0, ""), (0, "")]


def test_a_user_who_may_not_migrate_is_told_so_in_one_line(embedded: Database) -> None:
    url = make_url(embedded.url)
    superuser = create_engine(
        url.set(drivername="postgresql+psycopg", username="postgres"), isolation_level="AUTOCOMMIT"
    )
    with superuser.connect() as connection:
        connection.execute(text("CREATE ROLE guest LOGIN"))
        connection.execute(text("CREATE DATABASE locked"))
    superuser.dispose()
    guest = url.set(username="guest", database="locked").render_as_string(hide_password=False)
    told = clinic("migrate", DATABASE_URL=guest)

    assert told.returncode == 1
    assert told.stderr.startswith("Error: The database cannot be migrated: permission denied")
    assert told.stderr.count("\n") == 1


def test_a_check_of_whole_claims_finds_no_differences(embedded: Database, desk: Desk) -> None:
    book_visit(desk)
    told = clinic_here("check", DATABASE_URL=embedded.url)

    assert (told.exit_code, told.stdout) == (0, "0 differences.\n")


def test_a_check_finds_a_claim_that_is_gone(desk: Desk, embedded: Database) -> None:
    visit = desk.at("2027-01-04T08:00:00Z").made("/appointments", **create_visit_question(desk))
    room = visit["phases"][0]["room_id"]
    with embedded.transaction(desk.clinic_id) as session:
        session.execute(
            text("UPDATE occupancies SET end_tick = end_tick - 1 WHERE resource_id = :room"), {"room": room}
        )
    told = clinic_here("check", DATABASE_URL=embedded.url)
    with embedded.transaction(desk.clinic_id) as session:
        session.execute(
            text("UPDATE occupancies SET end_tick = end_tick + 1 WHERE resource_id = :room"), {"room": room}
        )

    assert told.exit_code == 1
    assert told.stdout.splitlines() == [
        f"clinic {desk.clinic_id}: appointment {visit['id']} and its claims on {room} disagree",
        "1 differences.",
    ]


def test_a_check_finds_what_the_change_feed_does_not_know(desk: Desk, embedded: Database) -> None:
    visit = book_visit(desk)
    place = visit["location_id"]
    with embedded.transaction(desk.clinic_id) as session:
        session.execute(text("UPDATE changes SET present = false WHERE scope_id = :place"), {"place": place})
    told = clinic_here("check", DATABASE_URL=embedded.url)
    with embedded.transaction(desk.clinic_id) as session:
        session.execute(text("UPDATE changes SET present = true"))

    assert told.exit_code == 1
    assert told.stdout.splitlines() == [
        f"clinic {desk.clinic_id}: appointment {visit['id']} and its changes on {place} disagree",
        "1 differences.",
    ]


def test_a_renewed_epoch_ends_every_cursor_of_every_clinic(desk: Desk, embedded: Database) -> None:
    cursor = desk.get("/changes").get_json()["next_cursor"]
    told = clinic_here("renew-epoch", DATABASE_URL=embedded.url)

    assert (told.exit_code, told.stdout) == (0, "")
    assert desk.get("/changes", cursor=cursor).status_code == 410


def test_the_version_is_printed_and_is_the_changelogs_newest() -> None:
    told = clinic_here("--version")
    released = re.search(r"^## \[(\d[\d.]*)\]", (PROJECT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)

    assert released is not None
    assert (told.exit_code, told.stdout) == (0, f"clinic {released[1]}\n")


def test_the_installed_command_runs_from_any_folder(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("clinic")
    env = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    told = subprocess.run(  # noqa: S603 - our own command
        [command, "--help"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert told.stderr == ""
    assert "create-clinic" in told.stdout
