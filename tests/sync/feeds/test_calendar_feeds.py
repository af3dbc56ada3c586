"""Calendar feeds over HTTP: which keys may make them, and how their addresses live and end."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from api.app import create_app
from models import AuditEntry, CalendarFeed
from models.database import Database
from tests.support.cast import NOW, UNKNOWN_ID, create_clinic, create_key, pointers
from tests.support.copying import MakeClinic
from tests.support.desk import Desk
from tests.sync.cast import TEN, Branches
from tests.sync.feeds.feeding import Subscriber, subscribe

Made = dict[str, Any]


def body(branches: Branches, what: str = "resource_id", **fields: Any) -> Made:
    """Give the body of a new feed, of the first therapist unless named otherwise."""
    of = {"resource_id": branches.therapists, "location_id": branches.locations}.get(what, [branches.patient])
    return {what: of[0]["id"], "detail": "busy"} | fields


@pytest.mark.parametrize("name", ["resource_id", "location_id", "patient_id"])
@pytest.mark.parametrize("detail", ["busy", "reference", "initials"])
def test_a_feed_is_of_one_thing_in_one_detail(branches: Branches, name: str, detail: str) -> None:
    answer = branches.desk.post("/calendar-feeds", body(branches, name, detail=detail))

    made = answer.get_json()
    others = {"resource_id", "location_id", "patient_id"} - {name}
    assert answer.status_code == 201
    assert (made["detail"], made[name]) == (detail, body(branches, name)[name])
    assert [made[other] for other in others] == [None, None]
    assert Subscriber(branches.desk, made["url"]).poll() == 200


def test_the_address_is_shown_once_and_only_its_tokens_hash_is_stored(
    branches: Branches, database: Database
) -> None:
    answer = branches.desk.post("/calendar-feeds", body(branches), **{"Idempotency-Key": "one"})
    made = answer.get_json()
    token = made["url"].rpartition("/")[2].removesuffix(".ics")

    assert answer.headers["Cache-Control"] == "no-store"
    assert made["url"] == f"http://localhost/calendars/{token}.ics"
    assert made["token_hint"] == token[-4:]
    listed = branches.desk.get("/calendar-feeds")
    got = branches.desk.get(f"/calendar-feeds/{made['id']}")
    assert [one["id"] for one in listed.get_json()["items"]] == [made["id"]]
    again = branches.desk.post("/calendar-feeds", body(branches), **{"Idempotency-Key": "one"})
    assert again.get_json()["code"] == "idempotency_shown_once"
    assert token not in listed.text + got.text + again.text
    with database.transaction(branches.desk.clinic_id) as session:
        assert session.scalar(select(CalendarFeed.token_hash)) == hashlib.sha256(token.encode()).digest()
        audited = session.scalars(select(AuditEntry).where(AuditEntry.subject_type == "calendar_feed")).all()
    assert [one.action for one in audited] == ["calendar_feed.created"]
    assert token not in str([one.changes for one in audited])


def test_the_address_is_the_public_one_where_there_is_one(branches: Branches, database: Database) -> None:
    settings = replace(
        branches.desk.app.extensions["clinic-scheduling"].settings, public_url="https://a.example"
    )
    desk = replace(branches.desk, app=create_app(settings, database))

    assert desk.made("/calendar-feeds", **body(branches))["url"].startswith("https://a.example/calendars/")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"resource_id": None}, "/patient_id"),
        ({"location_id": UNKNOWN_ID}, "/location_id"),
        ({"detail": "names"}, "/detail"),
        ({"detail": None}, "/detail"),
        ({"name": "Mine"}, "/name"),
        ({"resource_id": "mine"}, "/resource_id"),
    ],
)
def test_a_malformed_feed_is_refused(branches: Branches, fields: Made, pointer: str) -> None:
    assert pointers(branches.desk.post("/calendar-feeds", body(branches, **fields))) == [pointer]


@pytest.mark.parametrize("name", ["resource_id", "location_id", "patient_id"])
def test_a_feed_of_what_another_clinic_has_is_refused(
    branches: Branches, make_clinic: MakeClinic, name: str
) -> None:
    other = create_clinic(make_clinic().at(NOW))

    for id_ in (UNKNOWN_ID, body(branches, name)[name]):
        answer = other.desk.post("/calendar-feeds", {name: id_, "detail": "busy"})
        assert answer.status_code == 404
        assert answer.get_json()["errors"][0]["pointer"] == f"/{name}"


def test_a_feed_of_another_clinic_is_not_there(branches: Branches, make_clinic: MakeClinic) -> None:
    other = make_clinic()
    made = branches.desk.made("/calendar-feeds", **body(branches))
    path = f"/calendar-feeds/{made['id']}"

    assert [
        other.get(path).status_code, other.post(f"{path}/rotate").status_code, other.delete(path).status_code,
    ] == [404, 404, 404]  # fmt: skip
    assert other.get("/calendar-feeds").get_json()["items"] == []
    assert Subscriber(branches.desk, made["url"]).poll() == 200


def test_feeds_are_managed_by_secret_keys_with_the_scope_alone(branches: Branches) -> None:
    manager, reader = (create_key(branches.desk, scope) for scope in ("feeds:manage", "patients:write"))

    assert manager.post("/calendar-feeds", body(branches)).status_code == 201
    assert reader.post("/calendar-feeds", body(branches)).status_code == 403
    assert reader.get("/calendar-feeds").status_code == 403


def test_a_rotated_address_is_dead_at_once_and_the_new_one_works(branches: Branches) -> None:
    made = branches.desk.made("/calendar-feeds", **body(branches))
    path = f"/calendar-feeds/{made['id']}"
    old = Subscriber(branches.desk, made["url"])
    assert old.poll() == 200

    answer = branches.desk.post(f"{path}/rotate", **{"If-Match": f'"{made["version"]}"'})
    rotated = answer.get_json()

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (rotated["id"], rotated["version"]) == (made["id"], made["version"] + 1)
    # A request with the known tag, too.
    assert [old.poll(), Subscriber(branches.desk, rotated["url"]).poll()] == [404, 200]
    stale = branches.desk.post(f"{path}/rotate", **{"If-Match": f'"{made["version"]}"'})
    assert stale.status_code == 412


def test_a_revoked_address_is_dead_at_once(branches: Branches) -> None:
    made = branches.desk.made("/calendar-feeds", **body(branches))
    path = f"/calendar-feeds/{made['id']}"
    subscriber = Subscriber(branches.desk, made["url"])
    subscriber.poll()

    assert branches.desk.delete(path, **{"If-Match": '"7"'}).status_code == 412
    assert branches.desk.delete(path).status_code == 204
    assert subscriber.poll() == 404
    assert branches.desk.get(path).status_code == 404


def test_a_feed_goes_with_what_it_is_of(branches: Branches) -> None:
    spare = branches.desk.made(
        "/rooms", location_id=branches.locations[0]["id"], name="Spare", kind="treatment"
    )
    subscriber = subscribe(branches.desk, resource=spare)

    assert branches.desk.delete(f"/rooms/{spare['id']}").status_code == 204
    assert subscriber.poll() == 404


def test_a_key_of_some_locations_knows_the_feeds_of_their_own_things_alone(branches: Branches) -> None:
    here, there = branches.locations
    key = create_key(branches.desk, "feeds:manage", location_ids=[here["id"]])
    devices = [
        branches.desk.made("/devices", location_id=one["id"], name="RF", kind="rf") for one in (here, there)
    ]
    own = ({"location": here}, {"resource": branches.rooms[0]}, {"resource": devices[0]})
    others = ({"location": there}, {"resource": branches.far_rooms[0]}, {"resource": devices[1]})
    everywhere = ({"resource": branches.therapists[0]}, {"patient": branches.patient})
    for of in (*own, *others, *everywhere):
        subscribe(branches.desk, **of)
    listed = branches.desk.get("/calendar-feeds").get_json()["items"]

    assert [one["id"] for one in key.get("/calendar-feeds").get_json()["items"]] == [
        one["id"] for one in listed[:3]
    ]
    assert [key.get(f"/calendar-feeds/{one['id']}").status_code for one in listed] == [200] * 3 + [404] * 5
    assert [_made(key, of) for of in (*own, *others, *everywhere)] == [201] * 3 + [404] * 3 + [403] * 2


def _made(desk: Desk, of: Made) -> int:
    named = {f"{name}_id": one["id"] for name, one in of.items()}
    return desk.post("/calendar-feeds", {**named, "detail": "busy"}).status_code


@pytest.mark.parametrize("token", ["x", "a" * 300, "%00", "..", "ü", "x.ics"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_any_other_address_is_not_found_and_says_no_more(branches: Branches, token: str, method: str) -> None:
    unknown = Subscriber(branches.desk, f"http://localhost/calendars/{token}.ics")

    for headers in ({}, {"If-None-Match": "*"}):
        answer = unknown.ask(method, **headers)
        assert answer.status_code == 404
        assert answer.text == ("" if method == "HEAD" else "There is no such calendar.\n")
        assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_that_is_logged_or_answered_repeats_the_token(
    branches: Branches, capsys: pytest.CaptureFixture[str]
) -> None:
    branches.booked(TEN)
    subscriber = subscribe(branches.desk, "initials", location=branches.locations[0])
    token = subscriber.url.rpartition("/")[2].removesuffix(".ics")

    answers = [
        subscriber.ask(),
        subscriber.ask("HEAD"),
        subscriber.ask("POST"),
        subscriber.ask(**{"X-Clinic-Now": "nonsense"}),
        replace(subscriber, url=subscriber.url.replace("cs", "c")).ask(),
    ]

    logged = capsys.readouterr()
    assert [one.status_code for one in answers] == [200, 200, 405, 422, 404]
    assert '"route":"/calendars/<token>.ics"' in logged.err
    assert token not in logged.err + logged.out
    assert all(token not in one.text + str(one.headers) for one in answers)


def test_the_address_is_passed_on_to_nobody(branches: Branches) -> None:
    headers = subscribe(branches.desk, location=branches.locations[0]).ask().headers

    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Cache-Control"] == "private, max-age=300"
