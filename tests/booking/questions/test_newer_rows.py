"""An older process reads what a newer one has stored: JSON with fields that it does not know."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Table, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import Base
from models.database import Database
from tests.support.cast import Clinic, create_procedure, create_rule

_OBJECT = """
    UPDATE {table} SET "{column}" = "{column}" || '{{"tomorrow": 1}}'
    WHERE jsonb_typeof("{column}") = 'object'
"""
_LIST = """
    UPDATE {table} SET "{column}" = (
        SELECT jsonb_agg(CASE jsonb_typeof(item) WHEN 'object' THEN item || '{{"tomorrow": 1}}' ELSE item END)
        FROM jsonb_array_elements("{column}") AS item
    )
    WHERE CASE jsonb_typeof("{column}") WHEN 'array' THEN jsonb_array_length("{column}") > 0 ELSE false END
"""
# History is never changed, and the headers of an answer are no value of ours.
_UNCHANGED = {"audit_log", "events", "idempotency_keys"}


def _columns() -> Iterator[tuple[Table, Column[object]]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSONB) and table.name not in _UNCHANGED:
                yield table, column


def _add_unknown_fields(database: Database, clinic: Clinic) -> set[str]:
    """Give every stored JSON object a field that nobody knows; tell which columns have such objects."""
    changed = set()
    with database.transaction(clinic.desk.clinic_id) as session:
        for table, column in _columns():
            for statement in (_OBJECT, _LIST):
                done = session.execute(text(statement.format(table=table.name, column=column.name)))
                if getattr(done, "rowcount", 0):
                    changed.add(f"{table.name}.{column.name}")
    return changed


@pytest.fixture
def newer(database: Database, clinic: Clinic) -> Clinic:
    """Give a clinic whose every JSON value has a field more than this version knows."""
    create_procedure(clinic.desk, code="AFTER", prerequisites=[{"family": "CONSULT", "valid_days": 30}])
    create_rule(clinic.desk)
    clinic.desk.made(
        "/blocks",
        resource_id=clinic.therapist["id"],
        starts_at="2027-01-11T12:00:00Z",
        ends_at="2027-01-11T13:00:00Z",
        reason="Lunch",
        repeats={"weekdays": ["mon"], "until": "2027-03-01"},
    )
    clinic.booked("2027-01-12T10:00:00Z")
    clinic.held("2027-02-12T15:00:00Z", patient_id=clinic.patients(1)[0])

    changed = _add_unknown_fields(database, clinic)

    assert {"locations.policy", "procedures.prerequisites", "spacing_rules.after"} <= changed
    assert {"blocks.repeats"} <= changed
    return clinic


def test_the_catalogue_loads_for_a_search_and_a_booking(newer: Clinic) -> None:
    patient_id = newer.patients(1)[0]

    assert newer.starts("2027-01-13", "2027-01-14", patient_id=patient_id)
    assert newer.book("2027-01-13T10:00:00Z", patient_id=patient_id).status_code == 201


@pytest.mark.parametrize("path", ["/locations", "/procedures", "/spacing-rules", "/blocks", "/appointments"])
def test_what_is_listed_shows_only_known_fields(newer: Clinic, path: str) -> None:
    answer = newer.desk.get(path)

    assert answer.status_code == 200
    assert answer.get_json()["items"]
    assert "tomorrow" not in answer.text


def test_a_change_of_a_policy_keeps_the_fields_that_are_not_known(newer: Clinic, database: Database) -> None:
    changed = newer.desk.patch(f"/locations/{newer.location['id']}", {"policy": {"horizon_days": 100}})

    with database.transaction(newer.desk.clinic_id) as session:
        policy = session.scalar(text("SELECT policy FROM locations"))
    assert changed.status_code == 200
    assert (policy["horizon_days"], policy["tomorrow"]) == (100, 1)
