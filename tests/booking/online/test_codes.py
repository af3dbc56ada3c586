"""A code proves an address once, within its time and tries, and tells nobody who is known there."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from api.app import create_app
from booking.online.codes import end_codes, forget_codes
from booking.online.tokens import forget_tokens
from config import MailServer, Settings
from models import BookingCode, BookingToken
from models import Clinic as ClinicRow
from models.database import Database
from tests.support.cast import Clinic, rows
from tests.support.online import Visitor, code_for, visitor_of
from tests.support.racing import race, statuses
from tests.support.worker import as_worker

ADA = {"email": "ada@example.org"}
EVE = {"email": "eve@example.org"}


@pytest.fixture
def visitor(clinic: Clinic) -> Visitor:
    """Give a visitor of the clinic's widget, at whose address the clinic's patient is known."""
    clinic.desk.patch(f"/patients/{clinic.patient['id']}", {**ADA, "name": "Ada Lovelace"})
    return visitor_of(clinic)


def verify(visitor: Visitor, code: str, **address: str) -> TestResponse:
    """Try a code."""
    return visitor.post("/booking-tokens/verify", {**(address or ADA), "code": code})


def another(code: str) -> str:
    """Give a code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def age(database: Database, visitor: Visitor, model: type[BookingCode | BookingToken], by: timedelta) -> None:
    """Let what is stored have been made earlier."""
    with database.transaction(visitor.desk.clinic_id) as session:
        earlier = {"made_at": model.made_at - by, "expires_at": model.expires_at - by}
        session.execute(update(model).values(**earlier))


def test_a_code_is_answered_alike_whether_the_address_is_known_or_not(visitor: Visitor) -> None:
    known, unknown = visitor.post("/booking-tokens", ADA), visitor.post("/booking-tokens", EVE)

    assert known.status_code == unknown.status_code == 202
    assert known.get_json().keys() == unknown.get_json().keys() == {"expires_at"}
    assert (visitor.verified(**EVE)[1]["patients"]) == []


def test_the_right_code_gives_a_token_and_the_given_names_there(visitor: Visitor, clinic: Clinic) -> None:
    clinic.desk.made("/patients", name="Byron Lovelace", **ADA)
    _, told = visitor.verified(**ADA)

    assert [one["given_name"] for one in told["patients"]] == ["Ada", "Byron"]
    assert told["patients"][0]["id"] == clinic.patient["id"]
    assert told["token"].startswith("bt_")


def test_an_address_is_the_same_however_it_is_written(visitor: Visitor, clinic: Clinic) -> None:
    visitor.post("/booking-tokens", {"email": "Ada@Example.ORG"})
    answer = verify(visitor, code_for(visitor.desk, **ADA), email="ADA@example.org")

    assert [one["id"] for one in answer.get_json()["patients"]] == [clinic.patient["id"]]


def test_five_wrong_tries_end_a_code(visitor: Visitor) -> None:
    visitor.post("/booking-tokens", ADA)
    right = code_for(visitor.desk, **ADA)
    tried = [verify(visitor, another(right)).get_json()["code"] for _ in range(5)]

    assert tried == ["wrong_code"] * 5
    assert (verify(visitor, right).status_code, verify(visitor, right).get_json()["code"]) == (
        410,
        "code_expired",
    )


def test_a_malformed_code_costs_no_try(visitor: Visitor) -> None:
    visitor.post("/booking-tokens", ADA)
    right = code_for(visitor.desk, **ADA)
    bad = [
        verify(visitor, one).status_code for one in ("12345", "1234567", "12345a", "123456\n", "١٢٣٤٥٦", "")
    ]

    assert bad == [422] * 6
    assert verify(visitor, right).status_code == 200


def test_a_code_that_is_late_or_used_or_replaced_is_over(visitor: Visitor, database: Database) -> None:
    visitor.post("/booking-tokens", ADA)
    first = code_for(visitor.desk, **ADA)
    visitor.post("/booking-tokens", ADA)
    second = code_for(visitor.desk, **ADA)
    replaced = verify(visitor, first).status_code if first != second else 403
    used = [verify(visitor, second).status_code for _ in range(2)]
    visitor.post("/booking-tokens", EVE)
    late = code_for(visitor.desk, **EVE)
    age(database, visitor, BookingCode, timedelta(minutes=10))

    assert (replaced, used) == (403, [200, 410])
    assert verify(visitor, late, **EVE).status_code == 410


def test_of_two_that_use_a_code_at_once_one_gets_the_token(visitor: Visitor, database: Database) -> None:
    visitor.post("/booking-tokens", ADA)
    right = code_for(visitor.desk, **ADA)
    answers = race([partial(verify, visitor, right)] * 4)

    assert statuses(answers) == [200, 410, 410, 410]
    assert len(rows(database, visitor.desk, BookingToken)) == 1


def test_wrong_tries_at_once_are_all_counted(visitor: Visitor) -> None:
    visitor.post("/booking-tokens", ADA)
    right = code_for(visitor.desk, **ADA)
    answers = race([partial(verify, visitor, another(right))] * 8)

    assert statuses(answers) == [403] * 5 + [410] * 3


def test_an_address_gets_three_codes_an_hour_also_when_asked_at_once(
    visitor: Visitor, database: Database
) -> None:
    answers = race([partial(visitor.post, "/booking-tokens", ADA)] * 6)
    refused = next(one for one in answers if one.status_code == 429)

    assert statuses(answers) == [202] * 3 + [429] * 3
    assert (refused.get_json()["code"], 3500 < int(refused.headers["Retry-After"]) <= 3600) == (
        "too_many_codes",
        True,
    )
    age(database, visitor, BookingCode, timedelta(hours=1))
    assert visitor.post("/booking-tokens", ADA).status_code == 202


def test_a_visitors_address_on_the_network_gets_ten_codes_an_hour(visitor: Visitor) -> None:
    answers = [visitor.post("/booking-tokens", {"email": f"{n}@example.org"}).status_code for n in range(11)]

    assert answers == [202] * 10 + [429]


def test_a_token_makes_no_other_visitor_of_whoever_asks_for_codes(visitor: Visitor) -> None:
    answers = [visitor.post("/booking-tokens", {"email": f"{n}@example.org"}).status_code for n in range(9)]
    with_token, _ = visitor.verified(**ADA)

    assert answers == [202] * 9
    assert with_token.post("/booking-tokens", EVE).status_code == 429


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({**ADA, "phone": "+442079460000"}, "/email"),
        ({"email": "ada"}, "/email"),
        ({"phone": "+1"}, "/phone"),
    ],
)
def test_an_address_that_cannot_be_reached_is_a_mistake(
    visitor: Visitor, body: dict[str, str], pointer: str
) -> None:
    answer = visitor.post("/booking-tokens", body)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.get_json()["errors"]] == [pointer]


def test_a_phone_gets_codes_while_a_gateway_fetches_messages(visitor: Visitor, clinic: Clinic) -> None:
    phone = {"phone": "+442079460000"}
    before = visitor.post("/booking-tokens", phone)
    clinic.desk.get("/messages", due_by=clinic.desk.now)
    sent = visitor.post("/booking-tokens", phone)
    (message,) = clinic.desk.get("/messages", due_by=clinic.desk.now, kind="booking_code").get_json()["items"]
    code = code_for(visitor.desk, **phone)
    noted = [clinic.desk.post(f"/messages/{message['id']}/sent") for _ in range(2)]

    assert (before.status_code, before.get_json()["code"]) == (409, "channel_unavailable")
    assert (sent.status_code, message["to"]["phone"], code in message["body"]) == (202, phone["phone"], True)
    assert [one.get_json()["status"] for one in noted] == ["sent", "sent"]
    assert clinic.desk.get("/messages", due_by=clinic.desk.now).get_json()["items"] == []
    assert verify(visitor, code, **phone).status_code == 200


def test_a_gateway_gets_no_code_that_the_server_mails(
    visitor: Visitor, clinic: Clinic, settings: Settings, database: Database
) -> None:
    server = MailServer(host="127.0.0.1", port=1, sender="clinic@example.org")
    mailing = create_app(replace(settings, mail=server), database)
    visitor.post("/booking-tokens", ADA)
    ours, theirs = (
        replace(clinic.desk, app=app).get("/messages", due_by=clinic.desk.now, kind="booking_code").get_json()
        for app in (mailing, clinic.desk.app)
    )

    assert (len(ours["items"]), len(theirs["items"])) == (0, 1)


def test_who_fetches_other_messages_alone_is_no_gateway_for_codes(visitor: Visitor, clinic: Clinic) -> None:
    clinic.desk.get("/messages", due_by=clinic.desk.now, kind="reminder_2d")

    assert visitor.post("/booking-tokens", {"phone": "+442079460000"}).status_code == 409


def test_a_gateway_that_was_last_seen_a_day_ago_is_gone(
    visitor: Visitor, clinic: Clinic, database: Database
) -> None:
    clinic.desk.get("/messages", due_by=clinic.desk.now)
    with database.transaction(clinic.desk.clinic_id) as session:
        session.execute(
            update(ClinicRow).values(messages_fetched_at=ClinicRow.messages_fetched_at - timedelta(days=1))
        )

    assert visitor.post("/booking-tokens", {"phone": "+442079460000"}).status_code == 409


def test_only_digests_stay_of_codes_that_are_sent_or_over(visitor: Visitor, database: Database) -> None:
    visitor.post("/booking-tokens", ADA)
    visitor.verified(**EVE)
    age(database, visitor, BookingCode, timedelta(minutes=10))
    ended = as_worker(database, visitor.desk, end_codes)

    assert (ended, {one.sealed for one in rows(database, visitor.desk, BookingCode)}) == (1, {None})


def test_codes_and_tokens_are_forgotten(visitor: Visitor, database: Database) -> None:
    visitor.verified(**ADA)
    kept = [as_worker(database, visitor.desk, act) for act in (forget_codes, forget_tokens)]
    age(database, visitor, BookingCode, timedelta(days=1))
    age(database, visitor, BookingToken, timedelta(hours=1))
    forgotten = [as_worker(database, visitor.desk, act) for act in (forget_codes, forget_tokens)]

    assert (kept, forgotten) == ([0, 0], [1, 1])
