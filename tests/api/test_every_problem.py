"""Every problem's code is produced over HTTP, with the status and the title of its page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from api.app import create_app
from api.problems import PROBLEMS
from api.requests import REFUSED
from api.state import state_of
from booking.core.caller import Caller
from config import Settings
from models.database import Database
from sync.changes.cursors import renew_epoch
from tests.api.toys import TOY_ID, fail_with, seen, toy_app
from tests.docs.test_errors_page import problem_examples
from tests.support.cast import Clinic, create_course, create_key, run_out
from tests.support.desk import Desk
from tests.support.online import Visitor, code_for, visitor_of
from tests.sync.accounts import Account
from tests.sync.calendars import Collection
from tests.sync.servers import Server

TEN = "2027-03-01T10:00:00Z"
ORIGIN = "https://clinic.example"
KEY = {"Idempotency-Key": "5b0d1a52-0b0e-4f36-9a0e-1f6e2d6b7f11"}


@dataclass(frozen=True)
class Stage:
    """A clinic and its server, and an application with toys for errors that no clinic can cause."""

    clinic: Clinic
    settings: Settings
    database: Database

    @property
    def desk(self) -> Desk:
        """Give the clinic's desk."""
        return self.clinic.desk

    def widget(self) -> Desk:
        """Give a desk with a publishable key."""
        key = {"name": "Widget", "kind": "publishable", "scopes": ["catalog:read"], "origins": [ORIGIN]}
        return self.desk.using(self.desk.made("/api-keys", **key)["key"])

    def broken(self, sqlstate: str) -> TestResponse:
        """Let the database raise an error of its own."""
        toys = toy_app(self.settings, self.database, fail_with(sqlstate))
        return replace(self.desk, app=toys).post("/toys/act")


@pytest.fixture
def stage(clinic: Clinic, settings: Settings, database: Database) -> Stage:
    """Give a clinic of one therapist and one treatment room."""
    return Stage(clinic, settings, database)


def unreceived(code: str) -> Callable[[Stage], TestResponse]:
    """Make the scene of a request that the server could not receive."""

    def scene(stage: Stage) -> TestResponse:
        return stage.desk.app.test_client().get("/", environ_overrides={REFUSED: code})

    scene.__name__ = code
    return scene


def incomplete_body(stage: Stage) -> TestResponse:
    """Hang up before the whole body has been sent."""
    return stage.desk.request(
        "POST",
        "/patients",
        input_stream=BytesIO(b"{}"),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "10"},
    )


def unauthenticated(stage: Stage) -> TestResponse:
    """Come with a key that does not exist."""
    return stage.desk.using("ck_unknown").get("/locations")


def missing_scope(stage: Stage) -> TestResponse:
    """Write the catalogue with a key that only reads it."""
    return create_key(stage.desk, "catalog:read").post("/patients", {"name": "Patient"})


def other_locations(stage: Stage) -> TestResponse:
    """Change a procedure with a key of one location."""
    limited = create_key(stage.desk, "catalog:write", location_ids=[stage.clinic.location["id"]])
    return limited.patch(f"/procedures/{stage.clinic.procedure['id']}", {"name": "Ours"})


def last_admin_key(stage: Stage) -> TestResponse:
    """Revoke the clinic's only key with `admin`."""
    [key] = stage.desk.get("/api-keys").get_json()["items"]
    return stage.desk.post(f"/api-keys/{key['id']}/revoke")


def secret_key_required(stage: Stage) -> TestResponse:
    """Look for patients with a widget's key."""
    return stage.widget().request("GET", "/patients", {"Origin": ORIGIN})


def wrong_origin(stage: Stage) -> TestResponse:
    """Use a widget's key on another page."""
    return stage.widget().request("GET", "/locations", {"Origin": "https://elsewhere.example"})


def not_found(stage: Stage) -> TestResponse:
    """Read a patient who does not exist."""
    return stage.desk.get(f"/patients/{TOY_ID}")


def no_slot(stage: Stage) -> TestResponse:
    """Look for a slot while the location is closed up to the horizon."""
    path = f"/locations/{stage.clinic.location['id']}"
    stage.desk.patch(path, {"policy": {"horizon_days": 1}})
    days = {"starts_at": "2027-01-04T00:00:00Z", "ends_at": "2027-01-08T00:00:00Z", "reason": "Refit"}
    stage.desk.made(f"{path}/closures", **days)
    named = {"procedure_id": stage.clinic.procedure["id"], "location_id": stage.clinic.location["id"]}
    return stage.desk.get("/availability/next", **named)


def method_not_allowed(stage: Stage) -> TestResponse:
    """Delete all patients."""
    return stage.desk.delete("/patients")


def already_exists(stage: Stage) -> TestResponse:
    """Create a procedure a second time."""
    made = stage.clinic.procedure
    fields = {name: made[name] for name in ("code", "name", "family", "areas", "phases")}
    return stage.desk.post("/procedures", fields)


def course_full(stage: Stage) -> TestResponse:
    """Book a second session in a course of one."""
    course = create_course(stage.clinic, sessions=1)
    stage.clinic.booked(TEN, course_id=course["id"])
    return stage.clinic.book("2027-03-02T10:00:00Z", course_id=course["id"])


def idempotency_in_progress(stage: Stage) -> TestResponse:
    """Repeat a request while it is running."""
    heard: list[TestResponse] = []

    def repeat(caller: Caller) -> dict[str, Any]:
        heard.append(toys.post("/toys/act", **KEY))
        return seen(caller)

    toys = replace(stage.desk, app=toy_app(stage.settings, stage.database, repeat))
    toys.post("/toys/act", **KEY)
    return heard[0]


def idempotency_shown_once(stage: Stage) -> TestResponse:
    """Repeat the request for a new API key."""
    body = {"name": "Key", "kind": "secret", "scopes": ["catalog:read"]}
    stage.desk.post("/api-keys", body, **KEY)
    return stage.desk.post("/api-keys", body, **KEY)


def in_use(stage: Stage) -> TestResponse:
    """Delete a procedure that is booked."""
    stage.clinic.booked(TEN)
    return stage.desk.delete(f"/procedures/{stage.clinic.procedure['id']}")


def refused(stage: Stage) -> TestResponse:
    """Arrive at night."""
    return stage.clinic.book("2027-03-01T03:00:00Z")


def retired(stage: Stage) -> TestResponse:
    """Book a procedure that is no longer offered."""
    stage.desk.patch(f"/procedures/{stage.clinic.procedure['id']}", {"active": False})
    return stage.clinic.book(TEN)


def too_many_holds(stage: Stage) -> TestResponse:
    """Hold more slots than a widget may hold."""
    key = {"name": "Widget", "kind": "publishable", "scopes": ["appointments:write"], "origins": [ORIGIN]}
    widget = stage.clinic.using(stage.desk.using(stage.desk.made("/api-keys", **key)["key"]))
    starts = [f"2027-03-01T{hour}:{minute:02}:00Z" for hour in range(10, 17) for minute in (0, 20, 40)]
    wishes = [widget.wish(at, patient_id=None) for at in starts]
    return [
        widget.desk.post("/holds", one, Origin=ORIGIN, **{"Idempotency-Key": str(uuid4())}) for one in wishes
    ][-1]


def too_early(stage: Stage) -> TestResponse:
    """Record a no-show before the visit has begun."""
    return stage.clinic.act("no-show", stage.clinic.booked(TEN))


def wrong_day(stage: Stage) -> TestResponse:
    """Arrive weeks before the visit."""
    return stage.clinic.act("arrive", stage.clinic.booked(TEN))


def wrong_status(stage: Stage) -> TestResponse:
    """Complete a visit that has not begun."""
    return stage.clinic.act("complete", stage.clinic.booked(TEN))


def hold_converted(stage: Stage) -> TestResponse:
    """Book a hold twice."""
    hold, patient_id = stage.clinic.held(TEN), stage.clinic.patient["id"]
    stage.desk.made("/appointments", hold_id=hold["id"], patient_id=patient_id)
    return stage.desk.post("/appointments", {"hold_id": hold["id"], "patient_id": patient_id})


def hold_extended(stage: Stage) -> TestResponse:
    """Extend a hold twice."""
    path = f"/holds/{stage.clinic.held(TEN)['id']}/extend"
    stage.desk.post(path)
    return stage.desk.post(path)


def has_visits(stage: Stage) -> TestResponse:
    """Anonymise a patient with a visit to come."""
    stage.clinic.booked(TEN)
    return anonymise(stage)


def anonymised(stage: Stage) -> TestResponse:
    """Book for a patient who was anonymised."""
    anonymise(stage)
    return stage.desk.post("/appointments", stage.clinic.wish(TEN))


def anonymise(stage: Stage) -> TestResponse:
    """Anonymise the patient."""
    return stage.desk.post(f"/patients/{stage.clinic.patient['id']}/anonymise", {"reason": "Asked for it"})


def cursor_expired(stage: Stage) -> TestResponse:
    """Go on reading changes after a restore."""
    cursor = stage.desk.get("/changes").get_json()["next_cursor"]
    with stage.database.transaction(stage.desk.clinic_id) as session:
        renew_epoch(session)
    return stage.desk.get("/changes", cursor=cursor)


def hold_expired(stage: Stage) -> TestResponse:
    """Read a hold too late."""
    hold = stage.clinic.held(TEN)
    run_out(stage.database, stage.desk, hold)
    return stage.desk.get(f"/holds/{hold['id']}")


def merged(stage: Stage) -> TestResponse:
    """Read a patient who was merged."""
    path = f"/patients/{stage.clinic.patient['id']}"
    other = stage.desk.made("/patients", name="Patient")
    assert stage.desk.post(f"{path}/merge", {"into_id": other["id"]}).status_code == 200
    return stage.desk.get(path)


def stale(stage: Stage) -> TestResponse:
    """Confirm a visit that has changed meanwhile."""
    visit = stage.clinic.booked(TEN)
    stage.clinic.acted("confirm", visit)
    return stage.clinic.act("confirm", visit)


def too_large(stage: Stage) -> TestResponse:
    """Send a body of more than a mebibyte."""
    return stage.desk.post("/patients", {"name": "P" * 1024 * 1024})


def address_too_long(stage: Stage) -> TestResponse:
    """Ask with thousands of parameters."""
    return stage.desk.app.test_client().get("/v1/rooms?" + "a=1&" * 2000)


def unsupported_media_type(stage: Stage) -> TestResponse:
    """Send a form."""
    return stage.desk.request("POST", "/patients", data={"name": "Patient"})


def idempotency_mismatch(stage: Stage) -> TestResponse:
    """Use a key for a second patient."""
    stage.desk.post("/patients", {"name": "Patient"}, **KEY)
    return stage.desk.post("/patients", {"name": "Another patient"}, **KEY)


def invalid(stage: Stage) -> TestResponse:
    """Leave a patient's name out."""
    return stage.desk.post("/patients", {})


def version_required(stage: Stage) -> TestResponse:
    """Confirm a visit without saying which version is meant."""
    return stage.desk.post(f"/appointments/{stage.clinic.booked(TEN)['id']}/confirm")


def rate_limited(stage: Stage) -> TestResponse:
    """Try eleven keys that do not exist."""
    return [stage.desk.using(f"ck_{number}").get("/locations") for number in range(11)][-1]


def error(stage: Stage) -> TestResponse:
    """Cause an error that the product does not expect."""
    return stage.broken("22012")


def unavailable(stage: Stage) -> TestResponse:
    """Wait for a lock longer than a request may."""
    return stage.broken("55P03")


def overloaded(stage: Stage) -> TestResponse:
    """Search while another search takes the only seat."""
    app = create_app(replace(stage.settings, threads=1), stage.database)
    named = {"procedure_id": stage.clinic.procedure["id"], "location_id": stage.clinic.location["id"]}
    with state_of(app).seats.taken(stage.desk.clinic_id, cost=1, widget=False):
        return replace(stage.desk, app=app).get("/availability/next", **named)


def not_ready(stage: Stage) -> TestResponse:
    """Ask a process that cannot reach its database whether it is ready."""
    lost = create_app(stage.settings, Database("postgresql://nobody@127.0.0.1:1/nothing"))
    return lost.test_client().get("/readyz")


def booking_token_required(stage: Stage) -> TestResponse:
    """List appointments from a widget whose visitor has proved nothing."""
    return visitor_of(stage.clinic).get("/appointments")


def publishable_key_required(stage: Stage) -> TestResponse:
    """Have a code sent by a desk."""
    return stage.desk.post("/booking-tokens", {"email": "ada@example.org"})


def wrong_code(stage: Stage) -> TestResponse:
    """Try a code that is another."""
    visitor = visitor_of(stage.clinic)
    visitor.post("/booking-tokens", {"email": "ada@example.org"})
    right = code_for(visitor.desk, email="ada@example.org")
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    return visitor.post("/booking-tokens/verify", {"email": "ada@example.org", "code": wrong})


def channel_unavailable(stage: Stage) -> TestResponse:
    """Have a code sent to a phone that no gateway writes to."""
    return visitor_of(stage.clinic).post("/booking-tokens", {"phone": "+442079460000"})


def known_visitor(stage: Stage) -> Visitor:
    """Give a visitor who has proved to be the clinic's patient."""
    path = f"/patients/{stage.clinic.patient['id']}"
    assert stage.desk.patch(path, {"email": "ada@example.org"}).status_code == 200
    return visitor_of(stage.clinic).verified(email="ada@example.org")[0]


def too_late_online(stage: Stage) -> TestResponse:
    """Move a visit on the day before it."""
    visit = stage.clinic.booked(TEN)
    visitor = known_visitor(stage)
    late = replace(visitor, desk=visitor.desk.at("2027-02-28T12:00:00Z"))
    return late.act("reschedule", visit, starts_at="2027-03-05T10:00:00Z")


def too_many_online(stage: Stage) -> TestResponse:
    """Book a fourth visit by a widget."""
    visitor = known_visitor(stage)
    days = ("2027-03-01", "2027-03-02", "2027-03-03", "2027-03-04")
    return [visitor.post("/appointments", stage.clinic.wish(f"{day}T10:00:00Z")) for day in days][-1]


def code_expired(stage: Stage) -> TestResponse:
    """Try a code where none was sent."""
    body = {"email": "ada@example.org", "code": "123456"}
    return visitor_of(stage.clinic).post("/booking-tokens/verify", body)


def too_many_codes(stage: Stage) -> TestResponse:
    """Have a fourth code sent within an hour."""
    visitor = visitor_of(stage.clinic)
    return [visitor.post("/booking-tokens", {"email": "ada@example.org"}) for _ in range(4)][-1]


def several_calendars(stage: Stage) -> TestResponse:
    """Add a CalDAV account that has two calendars."""
    there = Server(Account({"home": Collection(), "work": Collection()}).talk)
    own = state_of(stage.desk.app)
    allowing = replace(own, settings=replace(own.settings, allow_loopback_urls=True))
    stage.desk.app.extensions["clinic-scheduling"] = allowing
    try:
        path = f"/therapists/{stage.clinic.therapist['id']}/external-calendars"
        return stage.desk.post(path, {"url": there.url(), "kind": "caldav"})
    finally:
        stage.desk.app.extensions["clinic-scheduling"] = own
        there.close()


SCENES: Mapping[str, Callable[[Stage], TestResponse]] = {
    scene.__name__: scene
    for scene in (
        unreceived("bad_request"),
        incomplete_body,
        unauthenticated,
        missing_scope,
        other_locations,
        secret_key_required,
        booking_token_required,
        publishable_key_required,
        wrong_code,
        wrong_origin,
        not_found,
        no_slot,
        method_not_allowed,
        unreceived("timed_out"),
        already_exists,
        channel_unavailable,
        course_full,
        has_visits,
        idempotency_in_progress,
        idempotency_shown_once,
        in_use,
        last_admin_key,
        refused,
        several_calendars,
        retired,
        too_late_online,
        too_many_holds,
        too_many_online,
        too_early,
        wrong_day,
        wrong_status,
        hold_converted,
        hold_extended,
        anonymised,
        code_expired,
        cursor_expired,
        hold_expired,
        merged,
        stale,
        too_large,
        address_too_long,
        unsupported_media_type,
        idempotency_mismatch,
        invalid,
        version_required,
        rate_limited,
        too_many_codes,
        unreceived("headers_too_large"),
        error,
        unavailable,
        overloaded,
        not_ready,
    )
}


def told(body: dict[str, Any]) -> tuple[Any, ...]:
    """Give the members of a problem that are the same in every answer."""
    return tuple(body[name] for name in ("type", "code", "status", "title"))


@pytest.mark.parametrize("code", SCENES)
def test_a_problem_is_what_its_page_shows(stage: Stage, code: str) -> None:
    answer = SCENES[code](stage)

    assert answer.content_type == "application/problem+json"
    assert answer.status_code == answer.get_json()["status"]
    assert told(answer.get_json()) == told(problem_examples()[code])


def test_the_scenes_the_code_and_the_page_list_the_same_problems() -> None:
    assert list(SCENES) == list(PROBLEMS) == list(problem_examples())
