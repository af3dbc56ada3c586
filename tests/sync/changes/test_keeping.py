"""The database itself keeps the changes at commit, for every writer of appointments."""

from collections.abc import Callable
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from api.app import create_app
from booking.claims.reconciling import differences
from config import PROJECT, Settings
from migrations.runner import migrate
from models.database import Database
from tests.support.cast import create_clinic
from tests.support.new_clinics import open_clinic
from tests.sync.cast import ELEVEN, NOON, TEN, Branches, Replica

SCOPES = text("SELECT scope_id FROM changes WHERE appointment_id = :id AND present")


def scopes(database: Database, branches: Branches, appointment_id: str) -> set[str]:
    """Give the scopes that an appointment is in."""
    with database.transaction(branches.desk.clinic_id) as session:
        return {str(one) for one in session.scalars(SCOPES, {"id": appointment_id})}


def test_a_visit_is_in_the_scope_of_all_that_it_takes(branches: Branches, database: Database) -> None:
    visit = branches.booked(TEN)
    taken = {visit["location_id"], visit["patient_id"], visit["therapist_id"], visit["phases"][0]["room_id"]}

    assert scopes(database, branches, visit["id"]) == {str(branches.desk.clinic_id), *taken}


def test_a_hold_is_in_none(branches: Branches, database: Database) -> None:
    assert scopes(database, branches, branches.here.held(TEN)["id"]) == set()


def test_what_is_undone_leaves_nothing(branches: Branches, database: Database) -> None:
    visit = branches.booked(TEN)
    with database.transaction(branches.desk.clinic_id) as session:
        session.execute(text("DELETE FROM appointments"))
        session.rollback()

    assert len(scopes(database, branches, visit["id"])) == 5


def test_visits_from_before_are_told_as_well(make_database: Callable[[str], Database]) -> None:
    database = make_database("before_changes")
    migrate(database.engine)
    app = create_app(Settings(sandbox=True), database)
    desks = [open_clinic(app, database) for _ in range(2)]
    for desk in desks:
        clinic = create_clinic(desk)
        clinic.booked(TEN)
        clinic.acted("cancel", clinic.booked(ELEVEN), reason_code="patient")
        clinic.held(NOON)
        with database.transaction(desk.clinic_id) as session:
            session.execute(text("DELETE FROM changes"))
    assert len(list(differences(database))) == 20
    with database.transaction() as session:
        session.execute(text(_revision().BACKFILL))

    assert list(differences(database)) == []
    assert [len(Replica(one).drain()) for one in desks] == [2, 2]


def _revision() -> Any:
    scripts = Config()
    scripts.set_main_option("script_location", str(PROJECT / "migrations"))
    scripts.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(scripts).get_revision("20261126_0050").module
