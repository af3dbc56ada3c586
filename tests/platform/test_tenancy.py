"""Every table has the clinic in its policy, its keys and its references."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from models import Base
from models.database import Database
from tests.platform import catalogue

OWN_CLINIC = "({column} = ( SELECT current_clinic() AS current_clinic))"
# A secret is found by its hash before its clinic is known, so no two clinics may share a secret.
FOUND_BEFORE_THE_CLINIC = {
    "ix_api_keys_key_hash", "ix_api_keys_previous_hash",
    "ix_calendar_feeds_token_hash", "ix_app_passwords_password_hash",
}  # fmt: skip
# Each of these SELECT-only policies shows rows only while its own function runs.
NARROW = {
    "presented_key": ("api_keys", "clinic.key_hash"),
    "presented_token": ("calendar_feeds", "clinic.token_hash"),
    "presented_password": ("app_passwords", "clinic.password_hash"),
    "being_listed": ("clinics", "clinic.listing"),
    "being_searched": ("patients", "clinic.searching"),
}


def number_of_references() -> int:
    """Count the foreign keys of the models."""
    return sum(len(table.foreign_key_constraints) for table in Base.metadata.tables.values())


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Give a connection to the migrated database."""
    with database.engine.connect() as connection:
        yield connection


def test_only_the_clinics_themselves_have_no_clinic_id(connection: Connection) -> None:
    without = catalogue.tables(connection) - catalogue.tenant_tables(connection)

    assert without == {"clinics", "alembic_version"}


def test_row_level_security_is_forced_on_every_table(connection: Connection) -> None:
    assert catalogue.protected_tables(connection) == catalogue.tenant_tables(connection) | {"clinics"}


def test_every_tables_policy_shows_and_takes_its_own_clinics_rows_only(connection: Connection) -> None:
    policies = catalogue.policies(connection)
    expected = {
        table: ("PERMISSIVE", "ALL", "{public}", OWN_CLINIC.format(column="clinic_id"), None)
        for table in catalogue.tenant_tables(connection)
    } | {"clinics": ("PERMISSIVE", "ALL", "{public}", OWN_CLINIC.format(column="id"), None)}

    assert {table: named["own_clinic"] for table, named in policies.items()} == expected


def test_every_other_policy_is_a_narrow_way_to_read(connection: Connection) -> None:
    others = {
        name: (table, command, setting in str(using))
        for table, named in catalogue.policies(connection).items()
        for name, (_, command, _, using, _) in named.items()
        if name != "own_clinic"
        for setting in [NARROW.get(name, ("", "?"))[1]]
    }

    assert others == {name: (table, "SELECT", True) for name, (table, _) in NARROW.items()}


def test_every_unique_and_exclusion_constraint_begins_with_the_clinic(connection: Connection) -> None:
    elsewhere = {
        name
        for name, (table, first) in catalogue.unique_indexes(connection).items()
        if first != "clinic_id" and table not in {"clinics", "alembic_version"}
    }

    assert elsewhere == FOUND_BEFORE_THE_CLINIC


def test_every_reference_holds_the_clinic_in_its_key(connection: Connection) -> None:
    keys = catalogue.foreign_keys(connection)
    loose = [
        key.name
        for key in keys
        if (key.columns[0], key.parent_columns[0])
        != ("clinic_id", "id" if key.parent == "clinics" else "clinic_id")
    ]

    assert len(keys) == number_of_references()
    assert loose == []


def test_every_reference_names_its_parent_by_clinic_and_id(connection: Connection) -> None:
    keys = catalogue.foreign_keys(connection)
    short = [
        key.name
        for key in keys
        if key.parent_columns != (["id"] if key.parent == "clinics" else ["clinic_id", "id"])
    ]

    assert len(keys) == number_of_references()
    assert short == []


def test_the_application_acts_as_a_role_that_row_level_security_binds(connection: Connection) -> None:
    role = text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")

    assert connection.execute(role).one() == ("clinic_app", False, False)


def test_functions_that_act_for_their_owner_fix_their_search_path(connection: Connection) -> None:
    found = connection.execute(
        text(
            "SELECT proname, proconfig FROM pg_proc"
            " WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY proname"
        )
    ).all()

    names = ["authenticate", "authenticate_app", "clinic_ids", "find_patients", "open_feed"]
    assert [name for name, _ in found] == names
    assert [name for name, settings in found if "search_path=public" not in settings] == []
