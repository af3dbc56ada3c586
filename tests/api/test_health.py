"""The service says whether it is alive and whether it is ready."""

import pytest
from flask import Flask
from sqlalchemy import text

from api.app import create_app
from config import Settings
from models.database import Database
from tests.support.desk import Desk

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def lost(settings: Settings) -> Flask:
    """Make the product without its database."""
    return create_app(settings, Database(NOWHERE))


def test_a_process_that_answers_is_alive(app: Flask) -> None:
    answer = app.test_client().get("/healthz")

    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_a_migrated_database_is_ready(app: Flask) -> None:
    answer = app.test_client().get("/readyz")

    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_a_process_without_its_database_is_alive(lost: Flask) -> None:
    assert lost.test_client().get("/healthz").status_code == 200


def test_without_its_database_it_is_not_ready_and_says_so(lost: Flask) -> None:
    answer = lost.test_client().get("/readyz")

    assert (answer.status_code, answer.get_json()["missing"]) == (503, ["database"])
    assert "Retry-After" in answer.headers


def test_without_its_database_a_request_is_503_and_not_500(lost: Flask, desk: Desk) -> None:
    answer = lost.test_client().get("/v1/api-keys", headers={"Authorization": f"Bearer {desk.key}"})

    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert "Retry-After" in answer.headers


def test_an_older_database_is_not_ready_and_says_so(app: Flask, database: Database) -> None:
    with database.engine.connect() as connection, connection.begin() as transaction:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        transaction.rollback()
    _set_revision(database, "20000101_0000")
    try:
        answer = app.test_client().get("/readyz")
    finally:
        _set_revision(database, str(revision))

    assert (answer.status_code, answer.get_json()["missing"]) == (503, ["migrations"])


def test_a_database_without_its_queue_is_not_ready_and_says_so(app: Flask, database: Database) -> None:
    _rename_schema(database, "queue", "elsewhere")
    try:
        answer = app.test_client().get("/readyz")
    finally:
        _rename_schema(database, "elsewhere", "queue")

    assert (answer.status_code, answer.get_json()["missing"]) == (503, ["queue"])


def _rename_schema(database: Database, before: str, after: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(f"ALTER SCHEMA {before} RENAME TO {after}"))


def _set_revision(database: Database, revision: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
