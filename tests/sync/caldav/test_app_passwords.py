"""An app password is shown only when it is made, and stops working when it is deleted."""

from base64 import b64encode
from uuid import UUID

import pytest
from sqlalchemy import text

from api.app import create_app
from api.state import state_of
from config import Settings
from models.database import Database
from tests.support.cast import UNKNOWN_ID, create_key, pointers
from tests.support.copying import MakeClinic
from tests.support.desk import Desk
from tests.sync.phone import Phone, Practice

ROOT = "/app-passwords"


def shut_out(phone: Phone) -> bool:
    answer = phone.ask("PROPFIND", "", depth="0")
    assert answer.status_code in {207, 401}
    return answer.status_code == 401


def test_a_password_is_shown_once(practice: Practice, database: Database) -> None:
    answer = practice.desk.post(ROOT, {"therapist_id": practice.ada["id"], "name": "Ada's phone"})
    made = answer.get_json()

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Location"] == f"/v1{ROOT}/{made['id']}"
    assert (made["username"], made["url"]) == (practice.ada["id"], "http://localhost/dav/")
    assert made["password"].endswith(made["password_hint"])
    got = practice.desk.get(f"{ROOT}/{made['id']}")
    listed = practice.desk.get(ROOT)
    assert got.get_json() == {name: made[name] for name in got.get_json()}
    assert made["password"] not in got.text + listed.text
    with database.transaction(practice.desk.clinic_id) as session:
        stored = session.scalars(text("SELECT to_jsonb(p)::text FROM app_passwords p")).one()
        audited = session.scalars(text("SELECT to_jsonb(a)::text FROM audit_log a")).all()
    assert not [row for row in (stored, *audited) if made["password"] in row]


def test_a_repeated_request_does_not_show_it_again(practice: Practice) -> None:
    body = {"therapist_id": practice.ada["id"], "name": "Phone"}
    first, again = (practice.desk.post(ROOT, body, **{"Idempotency-Key": "once"}) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 409)
    assert again.get_json()["code"] == "idempotency_shown_once"
    assert first.get_json()["password"] not in again.text
    assert len(practice.desk.get(ROOT).get_json()["items"]) == 1


def test_a_deleted_password_opens_nothing_any_more(practice: Practice) -> None:
    phone, other = practice.phone(), practice.phone()
    made = practice.desk.get(ROOT, therapist_id=practice.ada["id"]).get_json()["items"][0]
    stale = practice.desk.delete(f"{ROOT}/{made['id']}", **{"If-Match": '"7"'})
    assert (stale.status_code, shut_out(phone)) == (412, False)
    done = practice.desk.delete(f"{ROOT}/{made['id']}", **{"If-Match": '"1"'})

    assert (done.status_code, shut_out(phone), shut_out(other)) == (204, True, False)
    assert practice.desk.get(f"{ROOT}/{made['id']}").status_code == 404
    assert practice.desk.delete(f"{ROOT}/{made['id']}").status_code == 404


def test_a_list_may_be_of_one_therapist(practice: Practice) -> None:
    practice.phone()
    used = not shut_out(practice.phone(practice.ben))
    state_of(practice.desk.app).notes.flush()

    (found,) = practice.desk.get(ROOT, therapist_id=practice.ben["id"]).get_json()["items"]
    assert found["therapist_id"] == practice.ben["id"]
    assert (used, found["last_used_at"] is None) == (True, False)


def test_a_retired_therapists_password_opens_nothing_while_they_are(practice: Practice) -> None:
    phone = practice.phone()
    retired = practice.desk.patch(f"/therapists/{practice.ada['id']}", {"active": False})
    assert (retired.status_code, shut_out(phone)) == (200, True)
    practice.desk.patch(f"/therapists/{practice.ada['id']}", {"active": True})

    assert not shut_out(phone)


def test_another_clinics_passwords_are_not_there(practice: Practice, make_clinic: MakeClinic) -> None:
    phone, stranger = practice.phone(), make_clinic()
    (made,) = practice.desk.get(ROOT).get_json()["items"]

    assert stranger.get(ROOT).get_json()["items"] == []
    assert stranger.get(f"{ROOT}/{made['id']}").status_code == 404
    assert stranger.delete(f"{ROOT}/{made['id']}").status_code == 404
    assert stranger.post(ROOT, {"therapist_id": practice.ada["id"], "name": "Phone"}).status_code == 404
    assert not shut_out(phone)


def test_a_key_needs_the_scope_and_all_locations(practice: Practice) -> None:
    practice.phone()
    (made,) = practice.desk.get(ROOT).get_json()["items"]
    widget = practice.desk.made(
        "/api-keys",
        name="Widget",
        kind="publishable",
        scopes=["availability:read"],
        origins=["https://a.example"],
    )
    keys = (
        create_key(practice.desk, "appointments:write", "patients:write"),
        create_key(practice.desk, "feeds:manage", location_ids=[practice.location["id"]]),
        practice.desk.using(widget["key"]),
    )
    body = {"therapist_id": practice.ada["id"], "name": "Phone"}
    answers = [
        answer.status_code
        for key in keys
        for answer in (
            key.get(ROOT),
            key.post(ROOT, body, **{"Idempotency-Key": "a", "Origin": "https://a.example"}),
            key.get(f"{ROOT}/{made['id']}"),
            key.delete(f"{ROOT}/{made['id']}"),
        )
    ]

    assert answers == [403] * 12
    assert create_key(practice.desk, "feeds:manage").post(ROOT, body).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Phone"}, "/therapist_id"),
        ({"therapist_id": UNKNOWN_ID}, "/name"),
        ({"therapist_id": UNKNOWN_ID, "name": "x" * 101}, "/name"),
        ({"therapist_id": UNKNOWN_ID, "name": "Phone", "password": "mine"}, "/password"),
    ],
)
def test_a_malformed_password_names_the_field(desk: Desk, body: dict[str, str], pointer: str) -> None:
    assert pointers(desk.post(ROOT, body)) == [pointer]


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def test_nobody_comes_in_without_the_password_of_this_user(practice: Practice) -> None:
    phone, ben = practice.phone(), practice.phone(practice.ben)
    refused = [
        None, "", "Basic", "Basic ===", f"Bearer {practice.desk.key}", f"Bearer {phone.password}",
        _basic(phone.user, ""), _basic(phone.user, phone.password[:-1]), _basic(phone.user, ben.password),
        _basic("", phone.password), _basic(ben.user, phone.password), _basic("Ada", phone.password),
        _basic(phone.user, practice.desk.key), "Basic /////w==", _basic(phone.user, "\x00"),
    ]  # fmt: skip
    client = phone.app.test_client()
    for number, given in enumerate(refused):
        # More failures than one address may have in a minute.
        sender = {"REMOTE_ADDR": f"192.0.2.{number}"}
        headers = {} if given is None else {"Authorization": given}
        for method in ("PROPFIND", "GET", "PUT", "OPTIONS", "DELETE"):
            answer = client.open(
                f"{phone.home}busy/a.ics", method=method, headers=headers, environ_overrides=sender
            )
            assert answer.status_code == 401, given
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")

    assert not shut_out(phone)
    assert not shut_out(Phone(phone.app, phone.user, phone.password))
    # A password is no key.
    assert practice.desk.using(phone.password).get("/appointments").status_code == 401


def test_who_asks_while_the_database_is_away_is_told_to_come_again(settings: Settings) -> None:
    away = create_app(settings, Database("postgresql://nobody@127.0.0.1:1/nothing"))
    answer = Phone(away, str(UUID(int=1)), "password").ask("PROPFIND", "", depth="0")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
