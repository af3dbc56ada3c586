"""Each request is one transaction, and is tried again when two transactions collide."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from booking.core.caller import Caller
from models import Clinic
from models.database import Database
from tests.api.toys import fail_with, seen
from tests.support.desk import Desk

ChildWho = Callable[[Callable[[Caller], Any]], Desk]


def _name(database: Database, desk: Desk) -> str | None:
    with database.transaction(desk.clinic_id) as session:
        return session.scalar(select(Clinic.name))


def _rename(caller: Caller) -> dict[str, Any]:
    caller.session.execute(update(Clinic).values(name=func.concat(Clinic.name, "!")))
    return seen(caller)


def test_what_the_view_wrote_is_committed_with_the_answer(child_who: ChildWho, database: Database) -> None:
    child = child_who(_rename)

    assert child.post("/toys/act").status_code == 200
    assert _name(database, child) == "Test clinic!"


def test_what_the_view_wrote_is_gone_after_an_error(child_who: ChildWho, database: Database) -> None:
    def act(caller: Caller) -> None:
        _rename(caller)
        raise ValueError

    child = child_who(act)

    assert child.post("/toys/act").status_code == 500
    assert _name(database, child) == "Test clinic"


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
@pytest.mark.parametrize(
    ("collisions", "status", "name"),
    [(1, 200, "Test clinic!"), (3, 200, "Test clinic!"), (4, 503, "Test clinic")],
)
def test_a_collision_is_tried_again_three_times(
    child_who: ChildWho, database: Database, sqlstate: str, collisions: int, status: int, name: str
) -> None:
    tries = []

    def act(caller: Caller) -> dict[str, Any]:
        tries.append(caller)
        answer = _rename(caller)
        if len(tries) <= collisions:
            fail_with(sqlstate)(caller)
        return answer

    child = child_who(act)

    assert child.post("/toys/act").status_code == status
    assert _name(database, child) == name
    assert len(tries) == min(collisions, 3) + 1
