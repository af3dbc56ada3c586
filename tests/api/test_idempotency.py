"""A POST with an Idempotency-Key takes effect once, and its repetition gets the first answer again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, update
from uuid_utils.compat import uuid7
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from api.app import create_app
from booking.core.caller import Caller
from config import Settings
from models import ApiKey, Appointment, IdempotencyKey, Patient
from models.database import Database
from models.idempotency_keys import KEPT_FOR, claim, keep, purge
from tests.api.toys import seen
from tests.support.cast import Clinic, codes, create_key, pointers, rows
from tests.support.desk import Desk
from tests.support.online import visitor_of
from tests.support.statements import listening

TEN = "2027-03-01T10:00:00+00:00"
HEADER = "Idempotency-Key"
KEY = {HEADER: "5b0d1a52-0b0e-4f36-9a0e-1f6e2d6b7f11"}
ORIGIN = "https://clinic.example"
SECOND = timedelta(seconds=1)
AT = datetime(2027, 1, 4, 8, tzinfo=UTC)

ChildWho = Callable[[Callable[[Caller], Any]], Desk]


def book(clinic: Clinic, desk: Desk | None = None, starts_at: str = TEN) -> TestResponse:
    """Book a visit with the tests' idempotency key."""
    return (desk or clinic.desk).post("/appointments", clinic.wish(starts_at), **KEY)


def code(answer: TestResponse) -> tuple[int, str]:
    """Give a problem's status and code."""
    return answer.status_code, answer.get_json()["code"]


def replayed(answer: TestResponse) -> bool:
    """Whether this is the answer to an earlier request."""
    return answer.headers.get("Idempotency-Replayed") == "true"


def names(database: Database, desk: Desk) -> list[str]:
    """Name the clinic's patients."""
    return [patient.name for patient in rows(database, desk, Patient)]


def test_a_repetition_gets_the_first_answer_and_has_no_effect(clinic: Clinic, database: Database) -> None:
    first, second = book(clinic), book(clinic)

    assert (first.status_code, second.status_code) == (201, 201)
    assert (replayed(first), replayed(second)) == (False, True)
    assert first.data == second.data
    assert len(rows(database, clinic.desk, Appointment)) == 1


@pytest.mark.parametrize("name", ["ETag", "Location", "Content-Type", "Content-Length", "Cache-Control"])
def test_a_replayed_answer_has_the_headers_of_the_first(clinic: Clinic, name: str) -> None:
    first, second = book(clinic), book(clinic)

    assert first.headers[name] == second.headers[name]


def test_a_replayed_answer_carries_its_own_request_s_id(desk: Desk) -> None:
    for id_ in ("first", "second"):
        answer = desk.post("/patients", {"name": "Ada"}, **KEY, **{"X-Request-Id": id_})

        assert answer.headers["X-Request-Id"] == id_


def test_an_action_is_replayed_although_its_version_has_gone(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    path = f"/appointments/{visit['id']}/confirm"

    answers = [clinic.desk.post(path, {"version": visit["version"]}, **KEY) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data


def test_a_dry_run_is_replayed_like_everything_else(clinic: Clinic) -> None:
    path, body = "/appointments/validate", clinic.wish(TEN)
    clinic.desk.post(path, body, **KEY)
    clinic.booked(TEN)

    answer = clinic.desk.post(path, body, **KEY)

    assert (replayed(answer), answer.get_json()["bookable"]) == (True, True)


def test_the_order_and_space_of_the_body_s_json_do_not_matter(desk: Desk, database: Database) -> None:
    for body in ('{"name": "Ada", "phone": "+442071838750"}', '{"phone":"+442071838750","name":"Ada"}'):
        desk.request("POST", "/patients", KEY, data=body, content_type="application/json")

    assert names(database, desk) == ["Ada"]


def test_the_key_with_another_body_is_a_mistake(desk: Desk, database: Database) -> None:
    desk.post("/patients", {"name": "Ada"}, **KEY)

    answer = desk.post("/patients", {"name": "Grace"}, **KEY)

    assert code(answer) == (422, "idempotency_mismatch")
    assert names(database, desk) == ["Ada"]


def test_the_key_on_another_path_is_a_mistake(clinic: Clinic) -> None:
    clinic.desk.post("/appointments/validate", clinic.wish(TEN), **KEY)

    assert code(book(clinic)) == (422, "idempotency_mismatch")


def test_the_key_with_another_version_is_a_mistake(clinic: Clinic) -> None:
    path = f"/appointments/{clinic.booked(TEN)['id']}/confirm"
    clinic.desk.post(path, **KEY, **{"If-Match": '"1"'})

    assert code(clinic.desk.post(path, **KEY, **{"If-Match": '"2"'})) == (422, "idempotency_mismatch")


def test_the_key_with_another_booking_token_is_a_mistake(clinic: Clinic) -> None:
    visitor = visitor_of(clinic)
    first, second = (visitor.verified(email=f"{name}@example.org")[0] for name in ("ada", "eve"))
    hold = clinic.wish(TEN, patient_id=None)
    first.post("/holds", hold, **KEY)

    assert code(second.post("/holds", hold, **KEY)) == (422, "idempotency_mismatch")


@pytest.mark.parametrize("header", [{"X-Actor": "Grace"}, {"User-Agent": "curl/8"}, {"Accept": "text/html"}])
def test_another_header_makes_no_other_request(desk: Desk, header: dict[str, str]) -> None:
    desk.post("/patients", {"name": "Ada"}, **KEY)

    assert replayed(desk.post("/patients", {"name": "Ada"}, **KEY, **header))


def test_a_mistake_does_not_spoil_the_key(desk: Desk) -> None:
    first = desk.post("/patients", {"name": "Ada"}, **KEY)
    desk.post("/patients", {"name": "Grace"}, **KEY)

    assert desk.post("/patients", {"name": "Ada"}, **KEY).data == first.data


def test_a_refusal_is_not_kept_and_the_repetition_is_judged_anew(clinic: Clinic) -> None:
    in_the_way = clinic.booked(TEN)
    refused = book(clinic)
    clinic.acted("cancel", in_the_way, reason_code="clinic", note=None)

    accepted = book(clinic)

    assert "patient_busy" in codes(refused)
    assert (accepted.status_code, replayed(accepted)) == (201, False)


def test_a_refused_key_may_be_used_for_another_request(clinic: Clinic) -> None:
    assert book(clinic, starts_at="2027-03-01T03:00:00Z").status_code == 409
    assert book(clinic).status_code == 201


def test_two_api_keys_of_a_clinic_do_not_share_their_keys(desk: Desk, database: Database) -> None:
    other = create_key(desk, "patients:write")

    answers = [one.post("/patients", {"name": "Ada"}, **KEY) for one in (desk, other)]

    assert [replayed(answer) for answer in answers] == [False, False]
    assert names(database, desk) == ["Ada", "Ada"]


def test_two_clinics_do_not_share_their_keys(make_clinic: Callable[..., Desk]) -> None:
    answers = [make_clinic().post("/patients", {"name": "Ada"}, **KEY) for _ in range(2)]

    assert [replayed(answer) for answer in answers] == [False, False]


def test_a_key_that_was_rotated_keeps_its_answers(desk: Desk, database: Database) -> None:
    server = create_key(desk, "patients:write")
    server.post("/patients", {"name": "Ada"}, **KEY)
    (key_id,) = (key.id for key in rows(database, desk, ApiKey) if key.scopes == ["patients:write"])
    rotated = server.using(desk.post(f"/api-keys/{key_id}/rotate").get_json()["key"])

    assert replayed(rotated.post("/patients", {"name": "Ada"}, **KEY))


def test_who_has_lost_the_scope_gets_no_answer_replayed(desk: Desk, database: Database) -> None:
    server = create_key(desk, "patients:write")
    server.post("/patients", {"name": "Ada"}, **KEY)
    (key_id,) = (key.id for key in rows(database, desk, ApiKey) if key.scopes == ["patients:write"])
    desk.patch(f"/api-keys/{key_id}", {"scopes": ["catalog:read"]})

    assert code(server.post("/patients", {"name": "Ada"}, **KEY)) == (403, "missing_scope")


@pytest.mark.parametrize(("seconds", "kept"), [(-1, True), (0, False), (1, False)])
def test_an_answer_is_kept_until_it_expires(desk: Desk, database: Database, seconds: int, kept: bool) -> None:
    key_hash = uuid7().bytes
    values = {"key_hash": key_hash, "fingerprint": b"f", "status": 201, "headers": {}, "body": b"{}"}
    with database.transaction(desk.clinic_id) as session:
        keep(session, values | {"clinic_id": desk.clinic_id, "expires_at": AT})
        found = claim(session, key_hash, AT + seconds * SECOND)

    assert found.claimed
    assert (found.status == 201) == kept


def test_an_answer_is_kept_for_more_than_24_hours_of_the_real_clock(desk: Desk, database: Database) -> None:
    before = datetime.now(UTC)
    desk.post("/patients", {"name": "Ada"}, **KEY)
    (row,) = rows(database, desk, IdempotencyKey)

    assert row.expires_at >= before + KEPT_FOR > before + timedelta(hours=24)


def test_an_expired_answer_is_as_if_it_had_never_been(desk: Desk, database: Database) -> None:
    desk.post("/patients", {"name": "Ada"}, **KEY)
    with database.transaction(desk.clinic_id) as session:
        session.execute(update(IdempotencyKey).values(expires_at=func.now()))

    other, again = (desk.post("/patients", {"name": "Grace"}, **KEY) for _ in range(2))

    assert (other.status_code, replayed(other), replayed(again)) == (201, False, True)
    assert names(database, desk) == ["Ada", "Grace"]
    assert len(rows(database, desk, IdempotencyKey)) == 1


@pytest.mark.parametrize("now", ["2020-01-01T00:00:00Z", "2035-01-01T00:00:00Z"])
def test_the_sandbox_clock_neither_ends_nor_changes_an_answer(desk: Desk, now: str) -> None:
    desk.at("2027-01-04T08:00:00Z").post("/patients", {"name": "Ada"}, **KEY)

    assert replayed(desk.at(now).post("/patients", {"name": "Ada"}, **KEY))


@pytest.mark.parametrize(("seconds", "purged"), [(-1, 0), (0, 1), (1, 1)])
def test_the_purge_deletes_what_has_expired(
    desk: Desk, database: Database, seconds: int, purged: int
) -> None:
    desk.post("/patients", {"name": "Ada"}, **KEY)
    (row,) = rows(database, desk, IdempotencyKey)
    with database.transaction(desk.clinic_id) as session:
        number = purge(session, desk.clinic_id, row.expires_at + seconds * SECOND)

    assert number == purged
    assert len(rows(database, desk, IdempotencyKey)) == 1 - purged


@pytest.mark.parametrize("key", ["", "  ", "k" * 256, "k\xe9", "k\x7f", "one, two", "k\tk"])
def test_a_key_that_is_none_is_refused(desk: Desk, key: str) -> None:
    assert pointers(desk.post("/patients", {"name": "Ada"}, **{HEADER: key})) == [HEADER]


def test_a_key_that_is_given_twice_is_refused(desk: Desk) -> None:
    sent = Headers([("Authorization", f"Bearer {desk.key}"), (HEADER, "one"), (HEADER, "one")])

    answer = desk.app.test_client().post("/v1/patients", headers=sent, json={"name": "Ada"})

    assert pointers(answer) == [HEADER]


@pytest.mark.parametrize("key", ["k", "k" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "order 7/a~!"])
def test_any_other_text_is_a_key(desk: Desk, key: str) -> None:
    answers = [desk.post("/patients", {"name": "Ada"}, **{HEADER: key}) for _ in range(2)]

    assert [replayed(answer) for answer in answers] == [False, True]


def test_other_methods_ignore_the_header(desk: Desk) -> None:
    path = f"/patients/{desk.made('/patients', name='Ada')['id']}"

    answers = [desk.patch(path, {"name": "Grace"}, **{HEADER: ""}) for _ in range(2)]

    assert [(answer.status_code, replayed(answer)) for answer in answers] == [(200, False)] * 2


def test_a_malformed_body_is_told_as_ever(desk: Desk) -> None:
    answer = desk.request("POST", "/patients", KEY, data="{", content_type="application/json")

    assert code(answer) == (422, "invalid")


def test_a_publishable_key_must_send_a_key(desk: Desk, toys: Flask) -> None:
    fields = {"scopes": ["catalog:read"], "origins": [ORIGIN]}
    key = desk.made("/api-keys", name="Widget", kind="publishable", **fields)["key"]
    widget = replace(desk, app=toys).using(key)

    assert pointers(widget.post("/toys/play", Origin=ORIGIN)) == [HEADER]
    assert widget.post("/toys/play", Origin=ORIGIN, **KEY).status_code == 200
    assert replayed(widget.post("/toys/play", Origin=ORIGIN, **KEY))


def test_a_secret_is_neither_kept_nor_replayed(desk: Desk, database: Database) -> None:
    body = {"name": "Key", "kind": "secret", "scopes": ["catalog:read"]}
    first, second = (desk.post("/api-keys", body, **KEY) for _ in range(2))

    assert (first.status_code, code(second)) == (201, (409, "idempotency_shown_once"))
    assert [(row.body, row.sealed) for row in rows(database, desk, IdempotencyKey)] == [(None, None)]
    assert len([key for key in rows(database, desk, ApiKey) if key.name == "Key"]) == 1


def test_a_kept_answer_is_sealed_and_opened_by_the_servers_secret_alone(
    desk: Desk, database: Database, settings: Settings
) -> None:
    first, second = (desk.post("/patients", {"name": "Zoraida"}, **KEY) for _ in range(2))
    [row] = rows(database, desk, IdempotencyKey)
    elsewhere = replace(settings, secret="another server's secret of length")
    other = replace(desk, app=create_app(elsewhere, database))

    assert (first.data, replayed(second)) == (second.data, True)
    assert row.body is None
    assert b"Zoraida" not in row.sealed
    assert code(other.post("/patients", {"name": "Zoraida"}, **KEY)) == (409, "idempotency_shown_once")


def test_of_a_key_only_a_hash_is_stored(desk: Desk, database: Database) -> None:
    desk.post("/patients", {"name": "Ada"}, **KEY)
    (row,) = rows(database, desk, IdempotencyKey)

    assert KEY[HEADER].encode() not in row.key_hash + row.fingerprint
    assert len(row.key_hash) == 32


def test_a_fault_of_ours_is_not_kept(child_who: ChildWho) -> None:
    tries: list[Caller] = []

    def act(caller: Caller) -> dict[str, Any]:
        tries.append(caller)
        if len(tries) == 1:
            raise ValueError
        return seen(caller)

    child = child_who(act)
    statuses = [child.post("/toys/act", **KEY).status_code for _ in range(3)]

    assert statuses == [500, 200, 200]
    assert len(tries) == 2


@pytest.mark.parametrize(("headers", "more"), [({}, 0), (KEY, 2)])
def test_a_key_costs_two_statements_and_no_key_none(
    child: Desk, database: Database, headers: dict[str, str], more: int
) -> None:
    with listening(database) as heard:
        child.post("/toys", {"name": "ball"}, **headers)

    assert len([one for one, _ in heard if "idempotency" in one]) == more
    assert len(heard) == 1 + more
