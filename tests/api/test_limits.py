"""Rate limits: who is counted for what, what the answers tell, and that no valid key suffers from others."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.limits import ADDRESS, FAILURES, SECRET_KEY, VISITOR, Policy, search_cost
from api.problems import Problem
from api.state import state_of
from config import Settings
from models.database import Database
from tests.api.toys import TOY_ID, seen, toy_app
from tests.support.cast import Clinic
from tests.support.desk import Desk
from tests.support.statements import listening
from tests.support.widgets import ORIGIN, create_widget

ELSEWHERE = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.7"}}


def until_refused(ask: Callable[[], TestResponse]) -> TestResponse:
    """Ask until a limit refuses; a machine on which a window passes before that takes another one."""
    for _ in range(2000):
        answer = ask()
        if answer.status_code == 429:
            return answer
    raise AssertionError("Nothing was refused.")


def use_up(app: Flask, policy: Policy, who: str) -> None:
    """Count for somebody as much as a limit allows in a window."""
    for _ in range(2):
        with app.test_request_context(), suppress(Problem):
            state_of(app).limits.count(policy, who, policy.limit.amount)


def policy_of(answer: TestResponse) -> str:
    """Give the name of the limit that an answer tells of."""
    return answer.headers["RateLimit-Policy"].partition(";")[0].strip('"')


def test_every_counted_answer_tells_what_is_left(child: Desk) -> None:
    first = child.get(f"/toys/{TOY_ID}")
    known = child.request("GET", f"/toys/{TOY_ID}", {"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, known.status_code) == (200, 304)
    assert first.headers["RateLimit"] == '"key";r=999;t=1'
    assert known.headers["RateLimit-Policy"] == '"key";q=1000;w=1'
    assert known.headers["RateLimit"].startswith('"key";r=99')


def test_ten_bad_keys_a_minute_are_told_so_and_then_refused(child: Desk) -> None:
    answers = [child.using(f"ck_{number}").get("/toys") for number in range(11)]

    assert [one.status_code for one in answers] == [401] * 10 + [429]
    assert answers[-1].get_json()["code"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].headers["RateLimit-Policy"] == '"failures";q=10;w=60'
    assert answers[-1].headers["RateLimit"] == f'"failures";r=0;t={answers[-1].headers["Retry-After"]}'


def test_a_valid_key_is_never_refused_for_what_others_fail_at(child: Desk) -> None:
    bad = child.using("ck_unknown")
    refused = [bad.get("/toys").status_code for _ in range(12)][-1]

    assert (refused, child.get("/toys").status_code) == (429, 200)
    assert bad.request("GET", "/toys", **ELSEWHERE).status_code == 401


def test_what_is_over_its_limit_does_not_reach_the_database(
    desk: Desk, toys: Flask, database: Database
) -> None:
    made = desk.made("/api-keys", name="Storm", kind="secret", scopes=["catalog:read"])
    key = replace(desk, app=toys, key=made["key"])

    def storm() -> TestResponse:
        use_up(toys, SECRET_KEY, made["id"])
        heard.clear()
        return key.get("/toys")

    assert key.get("/toys").status_code == 200
    with listening(database) as heard:
        refused = until_refused(storm)

    assert (policy_of(refused), refused.headers["Retry-After"], heard) == ("key", "1", [])


def test_a_text_that_was_rotated_away_uses_nothing_of_its_key_up(desk: Desk, app: Flask) -> None:
    made = desk.made("/api-keys", name="Leaked", kind="secret", scopes=["catalog:read"])
    leaked = desk.using(made["key"])
    assert leaked.get("/rooms").status_code == 200
    assert desk.post(f"/api-keys/{made['id']}/rotate").status_code == 200
    assert leaked.get("/rooms").status_code == 401

    use_up(app, SECRET_KEY, made["id"])

    assert leaked.get("/rooms").status_code == 401


def test_visitors_of_a_publishable_key_are_counted_apart(desk: Desk, toys: Flask) -> None:
    widget = replace(create_widget(desk, "catalog:read"), app=toys)
    headers = {"Origin": ORIGIN}

    refused = until_refused(lambda: widget.request("GET", "/toys", headers))

    assert (policy_of(refused), refused.headers["Retry-After"]) == ("visitor", "1")
    assert widget.request("GET", "/toys", headers, **ELSEWHERE).status_code == 200


def test_what_needs_no_key_is_counted_by_address_but_health_is_not(app: Flask) -> None:
    client = app.test_client()

    refused = until_refused(lambda: client.get("/problems"))

    assert policy_of(refused) == "address"
    assert client.get("/problems", environ_overrides={"REMOTE_ADDR": "203.0.113.7"}).status_code == 200
    assert {client.get("/healthz").status_code for _ in range(2 * ADDRESS.limit.amount)} == {200}


def test_a_request_without_any_key_is_no_failure(child: Desk) -> None:
    answers = [child.request("GET", "/toys", {"Authorization": ""}) for _ in range(2 * FAILURES.limit.amount)]

    assert {(one.status_code, policy_of(one)) for one in answers} == {(401, "address")}


def test_unknown_feeds_are_refused_and_known_ones_are_not(clinic: Clinic, app: Flask) -> None:
    made = clinic.desk.made("/calendar-feeds", location_id=clinic.location["id"], detail="busy")
    client, path = app.test_client(), "/calendars/" + made["url"].rpartition("/")[2]

    guessed = [client.get(f"/calendars/{number}.ics").status_code for number in range(11)]
    read = client.get(path)

    assert guessed == [404] * 10 + [429]
    assert (read.status_code, policy_of(read)) == (200, "calendar")
    unchanged = client.get(path, headers={"If-None-Match": read.headers["ETag"]})
    assert (unchanged.status_code, policy_of(unchanged)) == (304, "calendar")


def test_a_store_that_is_away_refuses_nobody_and_forgets_no_limit(
    desk: Desk, settings: Settings, database: Database
) -> None:
    app = toy_app(replace(settings, limits_url="redis://127.0.0.1:1/0"), database, seen)
    lost = replace(desk, app=app)

    answers = [lost.using("ck_unknown").get("/toys").status_code for _ in range(11)]

    assert answers == [401] * 10 + [429]
    assert lost.get("/toys").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 1),
        ({"from": "2027-03-01", "until": "2027-03-08"}, 1),
        ({"from": "2027-03-01", "until": "2027-03-09"}, 2),
        ({"from": "2027-03-01", "until": "2027-05-31"}, 13),
        ({"from": "2027-03-01", "until": "2027-05-31", "rank": "compact"}, 416),
        ({"from": "2027-03-01", "until": "2037-05-31", "rank": "compact"}, 448),
        ({"from": "2027-03-01", "until": "2026-03-01"}, 1),
        ({"from": "soon", "until": "later", "rank": "compact"}, 1),
    ],
)
def test_a_search_costs_by_its_weeks_and_its_rank(app: Flask, query: dict[str, Any], expected: int) -> None:
    with app.test_request_context(query_string=query):
        assert search_cost() == expected


def test_the_dearest_searches_use_a_limit_up_sooner(clinic: Clinic) -> None:
    named = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    days = {"from_": "2027-03-01", "until": "2027-05-31"}

    answer = clinic.desk.get("/availability", rank="compact", limit=1, **named, **days)

    assert answer.status_code == 200
    assert answer.headers["RateLimit"] == f'"key";r={SECRET_KEY.limit.amount - 416};t=1'


def test_no_search_costs_more_than_half_of_a_limit(clinic: Clinic) -> None:
    widget = create_widget(clinic.desk, "availability:read")
    named = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    asked = {"from": "2027-03-01", "until": "2027-05-31", "rank": "compact", "limit": 1}

    answer = widget.request("GET", "/availability", {"Origin": ORIGIN}, query_string=named | asked)

    assert answer.status_code in {200, 422}
    assert answer.headers["RateLimit"] == f'"visitor";r={VISITOR.limit.amount // 2};t=1'
