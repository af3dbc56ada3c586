"""Every failure is a problem document with a stable code."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, literal, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.problems import PROBLEMS
from booking.core import errors
from booking.core.caller import Caller
from config import Settings
from models.database import Database
from scheduling.reasons import refuse
from tests.api.toys import TOY_ID, fail_with, seen, toy_app
from tests.support.desk import Desk

ChildWho = Callable[[Callable[[Caller], Any]], Desk]
THERAPIST = UUID("018f3f3e-0000-7000-8000-00000000000b")


def _subclasses(cls: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _raising(error: Exception) -> Callable[[Caller], None]:
    def act(caller: Caller) -> None:  # noqa: ARG001 - the house passes it
        raise error

    return act


def test_every_domain_error_has_a_status() -> None:
    assert {error.code for error in _subclasses(errors.DomainError)} <= PROBLEMS.keys()


def test_no_two_domain_errors_share_a_code() -> None:
    codes = [error.code for error in _subclasses(errors.DomainError)]

    assert len(codes) == len(set(codes))


def test_a_problem_has_the_members_of_the_contract(child: Desk) -> None:
    answer = child.get("/nowhere")

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.get_json() == {
        "type": "/problems#not_found",
        "title": "No such object.",
        "status": 404,
        "detail": "No such object.",
        "code": "not_found",
        "request_id": answer.headers["X-Request-Id"],
    }


def test_a_method_that_the_path_does_not_know_is_405_with_those_it_knows(child: Desk) -> None:
    answer = child.delete("/toys")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.parametrize(
    "path", ["/toys/", "//toys", "/toys/not-a-uuid", "/toys/%00", f"/toys/{TOY_ID}%00", "/toys/%ff"]
)
def test_a_path_that_is_none_is_404(child: Desk, path: str) -> None:
    answer = child.get(path)

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_a_refusal_lists_every_reason_and_leaves_out_what_it_lacks(child_who: ChildWho) -> None:
    busy = refuse("therapist_busy", resource_id=THERAPIST)
    spacing = refuse(
        "spacing_min", rule_id="S02", earliest_on=date(2027, 4, 1), overridable_by="dermatologist"
    )
    pool = refuse("no_therapist_available", because=(busy,))

    answer = child_who(_raising(errors.Refused([pool, spacing]))).post("/toys/act")

    assert answer.status_code == 409
    assert answer.get_json()["refusals"] == [
        {
            "code": "no_therapist_available",
            "message": pool.message,
            "because": [{"code": "therapist_busy", "message": busy.message, "resource_id": str(THERAPIST)}],
        },
        {
            "code": "spacing_min",
            "message": spacing.message,
            "rule_id": "S02",
            "earliest_on": "2027-04-01",
            "overridable_by": "dermatologist",
        },
    ]


@pytest.mark.parametrize(
    ("error", "status", "member", "value"),
    [
        (errors.NotFound("room"), 404, "detail", "No such room."),
        (
            errors.NotFound("room", "/room_id"),
            404,
            "errors",
            [{"pointer": "/room_id", "message": "No such room."}],
        ),
        (
            errors.Invalid("/phases/0/minutes", "No."),
            422,
            "errors",
            [{"pointer": "/phases/0/minutes", "message": "No."}],
        ),
        (errors.InUse(appointment_ids=[TOY_ID]), 409, "appointment_ids", [str(TOY_ID)]),
        (errors.AlreadyExists(), 409, "code", "already_exists"),
        (errors.WrongStatus(["booked"]), 409, "allowed", ["booked"]),
        (errors.WrongStatus([]), 409, "allowed", []),
        (errors.StaleVersion(), 412, "code", "stale"),
        (errors.VersionRequired(), 428, "code", "version_required"),
        (errors.MissingScope(), 403, "code", "missing_scope"),
    ],
)
def test_a_domain_error_is_its_problem(
    child_who: ChildWho, error: Exception, status: int, member: str, value: object
) -> None:
    answer = child_who(_raising(error)).post("/toys/act")

    assert answer.status_code == status
    assert answer.get_json()[member] == value


def test_a_known_unique_constraint_is_already_exists(child_who: ChildWho) -> None:
    answer = child_who(fail_with("23505", "uq_procedures_code")).post("/toys/act")

    assert answer.status_code == 409
    assert answer.get_json()["code"] == "already_exists"


def test_a_pool_without_a_free_connection_is_503(child_who: ChildWho) -> None:
    answer = child_who(_raising(PoolTimeoutError())).post("/toys/act")

    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")


def test_a_missing_parent_is_404_and_a_parent_in_use_is_409(child_who: ChildWho) -> None:
    child = child_who(fail_with("23503", "fk_toys_parent"))

    assert child.post("/toys/act").status_code == 404
    assert child.delete("/toys/act").get_json()["code"] == "in_use"


def test_an_unknown_constraint_is_500_and_logged_by_its_name_alone(
    child_who: ChildWho, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = child_who(fail_with("23514", "ck_toys_size")).post("/toys/act")

    logged = capsys.readouterr().err
    failure = json.loads(logged.splitlines()[0])
    assert answer.status_code == 500
    assert (failure["constraint"], failure["sqlstate"]) == ("ck_toys_size", "23514")
    assert "Ada" not in logged + answer.text


def test_an_unforeseen_error_is_500_without_its_message(
    child_who: ChildWho, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = child_who(_raising(ValueError("Ada Lovelace"))).post("/toys/act")

    logged = capsys.readouterr().err
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert '"error":"ValueError"' in logged
    assert "Ada" not in logged + answer.text


def test_a_database_that_cannot_be_reached_is_503(desk: Desk, settings: Settings) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nowhere")

    answer = replace(desk, app=toy_app(settings, away, seen)).get("/toys")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_connection_that_is_lost_is_503(child_who: ChildWho) -> None:
    def act(caller: Caller) -> None:
        caller.session.connection().connection.driver_connection.close()  # type: ignore[union-attr]
        caller.session.execute(text("SELECT 1"))

    answer = child_who(act).post("/toys/act")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize("sqlstate", ["54000", "55006", "58030"])
def test_a_failure_that_does_not_pass_invites_no_retry(child_who: ChildWho, sqlstate: str) -> None:
    answer = child_who(fail_with(sqlstate)).post("/toys/act")

    assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)


def test_a_statement_that_the_driver_cannot_send_invites_no_retry(child_who: ChildWho) -> None:
    def act(caller: Caller) -> None:
        caller.session.execute(select(func.count()).where(literal(1).in_(range(70_000))))

    answer = child_who(act).post("/toys/act")

    assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)


@pytest.mark.parametrize("sqlstate", ["08006", "53300", "55P03", "57014", "57P01"])
def test_a_database_that_is_away_or_overloaded_is_503_with_retry_after(
    child_who: ChildWho, sqlstate: str
) -> None:
    answer = child_who(fail_with(sqlstate)).post("/toys/act")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
