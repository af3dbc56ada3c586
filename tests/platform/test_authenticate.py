"""The database finds a key before its clinic is known, and shows no other row."""

import hashlib

import pytest
from sqlalchemy import text

from models.api_keys import authenticate
from models.database import Database
from tests.support.desk import Desk

NOBODYS = hashlib.sha256(b"nobody's").digest()
EVERY_KEY = text("SELECT clinic_id FROM api_keys")


def digest(desk: Desk) -> bytes:
    """Hash a desk's key as it is stored."""
    return hashlib.sha256(desk.key.encode()).digest()


def test_the_presented_key_is_found_without_a_clinic(database: Database, alice: Desk) -> None:
    with database.transaction() as session:
        found = authenticate(session, digest(alice))

    assert found is not None
    assert (found.clinic_id, found.kind, found.scopes) == (alice.clinic_id, "secret", ["admin"])


def test_finding_a_key_binds_the_transaction_to_its_clinic(database: Database, alice: Desk) -> None:
    with database.transaction() as session:
        authenticate(session, digest(alice))
        bound = session.scalar(text("SELECT current_clinic()"))

    assert bound == alice.clinic_id


def test_the_presented_key_is_the_only_one_that_the_search_shows(
    database: Database, alice: Desk, bob: Desk
) -> None:
    with database.transaction() as session:
        presented = {"digest": digest(alice).hex()}
        session.execute(text("SELECT set_config('clinic.key_hash', :digest, true)"), presented)
        seen = set(session.scalars(EVERY_KEY))

    assert alice.clinic_id != bob.clinic_id
    assert seen == {alice.clinic_id}


def test_after_the_search_its_own_clinics_keys_are_all_that_shows(
    database: Database, alice: Desk, bob: Desk
) -> None:
    with database.transaction() as session:
        authenticate(session, digest(bob))
        seen = set(session.scalars(EVERY_KEY))

    assert seen == {bob.clinic_id} != {alice.clinic_id}


@pytest.mark.parametrize("presented", [NOBODYS, b"", b"\x00", b"%"])
def test_an_unknown_key_finds_and_shows_nothing(database: Database, alice: Desk, presented: bytes) -> None:
    with database.transaction(alice.clinic_id) as session:
        found = authenticate(session, presented)
        seen = session.scalars(EVERY_KEY).all()

    assert (found, seen) == (None, [])


def test_a_revoked_key_is_not_found(database: Database, alice: Desk) -> None:
    made = alice.made("/api-keys", name="Old", kind="secret", scopes=["catalog:read"])
    alice.post(f"/api-keys/{made['id']}/revoke")
    with database.transaction() as session:
        found = authenticate(session, hashlib.sha256(made["key"].encode()).digest())

    assert found is None


def test_the_list_of_clinics_gives_ids_and_leaves_no_clinic_in_sight(
    database: Database, alice: Desk, bob: Desk
) -> None:
    with database.transaction() as session:
        listed = set(session.scalars(text("SELECT clinic_ids()")))
        seen = session.scalars(text("SELECT id FROM clinics")).all()

    assert {alice.clinic_id, bob.clinic_id} <= listed
    assert seen == []
