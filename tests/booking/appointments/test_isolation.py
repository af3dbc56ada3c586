"""A request sees only its own clinic and its key's locations, in the path, the body and the query."""

from typing import Any

import pytest

from models.database import Database
from tests.support.cast import (
    NOW,
    UNKNOWN_ID,
    Clinic,
    Made,
    counts,
    create_clinic,
    create_course,
    create_key,
    create_staffed_location,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.desk import Desk
from tests.support.times import TEN
from tests.support.widgets import ORIGIN, create_widget

BODY_IDS = ("procedure_id", "location_id", "patient_id", "therapist_id", "room_id", "course_id")
QUERY_IDS = ("procedure_id", "location_id", "patient_id", "therapist_id", "room_id")
ACTIONS = ("confirm", "arrive", "start-numbing", "start", "complete", "cancel", "no-show", "reschedule")
SEARCHES = ("/availability", "/availability/days", "/availability/next", "/availability/explain")


@pytest.fixture
def foreign(copied: Copied[Clinic]) -> Clinic:
    """Give another clinic."""
    return copied(_another)


def _another(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic().at(NOW))


def ids_of(clinic: Clinic) -> Made:
    """Give an id of each kind that a request can name."""
    room = clinic.desk.get("/rooms").get_json()["items"][0]
    named = {name: getattr(clinic, name)["id"] for name in ("procedure", "location", "patient", "therapist")}
    ids = {f"{name}_id": one for name, one in named.items()}
    courses = clinic.desk.get("/courses").get_json()["items"]
    course_id = courses[0]["id"] if courses else create_course(clinic)["id"]
    return ids | {"room_id": room["id"], "course_id": course_id}


def question(clinic: Clinic, path: str, **changed: Any) -> Made:
    """Give the query of a search."""
    asked = {name: one for name, one in ids_of(clinic).items() if name in QUERY_IDS}
    when: Made = {}
    if path in {"/availability", "/availability/days"}:
        when = {"from_": "2027-03-01", "until": "2027-03-02"}
    if path == "/availability/explain":
        when = {"starts_at": TEN}
    return asked | when | changed


@pytest.mark.parametrize("whose", ["unknown", "foreign"])
@pytest.mark.parametrize("path", ["/appointments", "/appointments/validate"])
@pytest.mark.parametrize("field", BODY_IDS)
def test_an_id_in_a_body_that_is_not_ours_is_404(
    standing: Clinic, neighbour: Clinic, database: Database, field: str, path: str, whose: str
) -> None:
    wrong = UNKNOWN_ID if whose == "unknown" else ids_of(neighbour)[field]

    answer = standing.desk.post(path, standing.wish(TEN, **{field: wrong}))

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert answer.get_json()["errors"][0]["pointer"] == f"/{field}"
    assert counts(database, standing.desk)["appointments"] == 0


@pytest.mark.parametrize("whose", ["unknown", "foreign"])
@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("field", QUERY_IDS)
def test_an_id_in_a_query_that_is_not_ours_is_404(
    standing: Clinic, neighbour: Clinic, field: str, path: str, whose: str
) -> None:
    wrong = UNKNOWN_ID if whose == "unknown" else ids_of(neighbour)[field]

    answer = standing.desk.get(path, **question(standing, path, **{field: wrong}))

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert answer.get_json()["errors"][0]["pointer"] == f"?{field}"


@pytest.mark.parametrize("path", ["/availability", "/availability/days", "/availability/explain"])
def test_an_appointment_to_ignore_that_is_not_ours_is_404(clinic: Clinic, foreign: Clinic, path: str) -> None:
    theirs = foreign.booked(TEN)["id"]

    answers = [
        clinic.desk.get(path, **question(clinic, path, ignore_appointment_id=one))
        for one in (theirs, UNKNOWN_ID)
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_another_clinics_appointment_is_404_in_every_path(clinic: Clinic, foreign: Clinic) -> None:
    theirs = foreign.booked(TEN)
    path = f"/appointments/{theirs['id']}"
    bodies: Made = {"cancel": {"reason_code": "patient"}, "reschedule": {"starts_at": TEN}}

    read = [clinic.desk.get(path), clinic.desk.get(f"{path}/history")]
    changed = [clinic.desk.patch(path, {"notes": "Mine now.", "version": 1})]
    acted = [clinic.act(action, theirs, bodies.get(action)) for action in ACTIONS]

    assert {answer.status_code for answer in (*read, *changed, *acted)} == {404}
    assert foreign.desk.get(path).get_json() == theirs


def test_a_list_holds_the_own_clinics_appointments_only(clinic: Clinic, foreign: Clinic) -> None:
    foreign.booked(TEN)
    ours = clinic.booked(TEN)

    everything = clinic.desk.get("/appointments").get_json()["items"]
    by_their_ids = [
        clinic.desk.get("/appointments", **{name: one}).get_json()["items"]
        for name, one in ids_of(foreign).items()
        if name in {"location_id", "therapist_id", "patient_id", "room_id", "course_id"}
    ]

    assert [one["id"] for one in everything] == [ours["id"]]
    assert by_their_ids == [[]] * 5


@pytest.mark.parametrize("field", ["procedure_id", "location_id"])
def test_eligibility_knows_nothing_of_another_clinic(standing: Clinic, neighbour: Clinic, field: str) -> None:
    asked = {name: ids_of(standing)[name] for name in ("procedure_id", "location_id")}
    path = f"/patients/{standing.patient['id']}/eligibility"

    unknown_patient = standing.desk.get(f"/patients/{neighbour.patient['id']}/eligibility", **asked)
    unknown_field = standing.desk.get(path, **asked | {field: ids_of(neighbour)[field]})

    assert (unknown_patient.status_code, unknown_field.status_code) == (404, 404)


def test_the_board_of_another_clinics_location_is_404(standing: Clinic, neighbour: Clinic) -> None:
    days = {"from_": "2027-03-01", "until": "2027-03-02"}

    answer = standing.desk.get("/schedule", location_id=neighbour.location["id"], **days)

    assert answer.status_code == 404


@pytest.fixture
def limited(clinic: Clinic) -> Clinic:
    """Give the clinic with a key that may see a second location only, not the first."""
    other = create_staffed_location(clinic.desk)
    scopes = ("appointments:write", "availability:read", "catalog:read")
    return clinic.using(create_key(clinic.desk, *scopes, location_ids=[other["id"]]))


def test_a_key_of_one_location_neither_books_nor_searches_at_another(limited: Clinic) -> None:
    searched = [limited.desk.get(path, **question(limited, path, room_id=None)) for path in SEARCHES]

    answers = [limited.book(TEN), *searched]

    assert [answer.status_code for answer in answers] == [404] * 5


def test_a_key_of_one_location_sees_and_changes_no_visit_at_another(clinic: Clinic, limited: Clinic) -> None:
    hidden = clinic.booked(TEN)

    listed = limited.desk.get("/appointments").get_json()["items"]
    read = limited.desk.get(f"/appointments/{hidden['id']}")
    cancelled = limited.act("cancel", hidden, reason_code="patient")

    assert listed == []
    assert (read.status_code, cancelled.status_code) == (404, 404)


def test_a_key_of_one_location_moves_no_visit_to_another(clinic: Clinic, limited: Clinic) -> None:
    other = next(one for one in limited.desk.get("/locations").get_json()["items"] if one["name"] == "Other")
    visit = clinic.booked(TEN, location_id=other["id"])

    answer = limited.act("reschedule", visit, starts_at=TEN, location_id=clinic.location["id"])

    assert answer.status_code == 404
    assert answer.get_json()["errors"][0]["pointer"] == "/location_id"


# Each operation, the scope that it needs, and what it answers to an empty request that has the scope.
SCOPES = [
    ("GET", "/appointments", "appointments:read", 200),
    ("POST", "/appointments", "appointments:write", 422),
    ("POST", "/appointments/validate", "appointments:read", 422),
    ("GET", f"/appointments/{UNKNOWN_ID}", "appointments:read", 404),
    ("PATCH", f"/appointments/{UNKNOWN_ID}", "appointments:write", 422),
    ("GET", f"/appointments/{UNKNOWN_ID}/history", "appointments:read", 404),
    *(
        ("POST", f"/appointments/{UNKNOWN_ID}/{action}", "appointments:write", 422 if needs_a_body else 428)
        for action, needs_a_body in ((one, one in {"cancel", "reschedule"}) for one in ACTIONS)
    ),
    *(("GET", path, "availability:read", 422) for path in SEARCHES),
    ("GET", "/schedule", "appointments:read", 422),
    ("GET", "/courses", "appointments:read", 200),
    ("POST", "/courses", "appointments:write", 422),
    ("GET", f"/courses/{UNKNOWN_ID}", "appointments:read", 404),
    ("PATCH", f"/courses/{UNKNOWN_ID}", "appointments:write", 404),
    ("GET", f"/patients/{UNKNOWN_ID}/eligibility", "appointments:read", 422),
    ("GET", "/waitlist", "appointments:read", 200),
    ("POST", "/waitlist", "appointments:write", 422),
    ("GET", f"/waitlist/{UNKNOWN_ID}", "appointments:read", 404),
    ("PATCH", f"/waitlist/{UNKNOWN_ID}", "appointments:write", 404),
    ("DELETE", f"/waitlist/{UNKNOWN_ID}", "appointments:write", 404),
    ("POST", f"/waitlist/{UNKNOWN_ID}/accept", "appointments:write", 404),
    ("POST", f"/waitlist/{UNKNOWN_ID}/decline", "appointments:write", 404),
]


def sent(desk: Desk, method: str, path: str) -> Any:
    """Send a request, with an empty body where the method has a body."""
    return desk.request(method, path, **({} if method in {"GET", "DELETE"} else {"json": {}}))


HOLDS = [
    ("POST", "/holds", "appointments:write", 422),
    ("GET", f"/holds/{UNKNOWN_ID}", "appointments:write", 404),
    ("POST", f"/holds/{UNKNOWN_ID}/extend", "appointments:write", 404),
    ("DELETE", f"/holds/{UNKNOWN_ID}", "appointments:write", 404),
]


@pytest.mark.parametrize(("method", "path", "scope", "status"), [*SCOPES, *HOLDS])
def test_each_operation_needs_its_scope(
    standing: Clinic, method: str, path: str, scope: str, status: int
) -> None:
    every = {
        "appointments:read",
        "appointments:write",
        "availability:read",
        "catalog:write",
        "patients:write",
    }
    implied = {"appointments:write"} if scope == "appointments:read" else set()
    without = create_key(standing.desk, *sorted(every - {scope} - implied))
    only = create_key(standing.desk, scope)

    refused, allowed = sent(without, method, path), sent(only, method, path)

    assert (refused.status_code, refused.get_json()["code"]) == (403, "missing_scope")
    assert allowed.status_code == status


@pytest.mark.parametrize(("method", "path"), [one[:2] for one in (*SCOPES, *HOLDS)])
def test_each_operation_needs_a_key(standing: Clinic, method: str, path: str) -> None:
    answer = sent(standing.desk.using("ck_wrong"), method, path)

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(("method", "path"), [one[:2] for one in SCOPES if one[2] != "availability:read"])
def test_a_publishable_key_reaches_no_appointment(standing: Clinic, method: str, path: str) -> None:
    widget = create_widget(standing.desk, "availability:read")

    answer = widget.request(
        method, path, {"Origin": ORIGIN}, **({} if method in {"GET", "DELETE"} else {"json": {}})
    )

    assert answer.status_code == 403


def test_a_widget_finds_slots_but_not_a_patients(standing: Clinic) -> None:
    widget = create_widget(standing.desk, "availability:read")
    query = {
        "procedure_id": standing.procedure["id"],
        "location_id": standing.location["id"],
        "from": "2027-03-01",
        "until": "2027-03-02",
    }

    def ask(**more: Any) -> int:
        sent = {"Origin": ORIGIN}
        return widget.request("GET", "/availability", sent, query_string=query | more).status_code

    assert ask() == 200
    assert ask(patient_id=standing.patient["id"]) == 403


def test_a_hold_of_another_clinic_or_location_is_404(
    clinic: Clinic, foreign: Clinic, limited: Clinic
) -> None:
    paths = [f"/holds/{one.held(TEN)['id']}" for one in (foreign, clinic)]

    theirs = [sent(clinic.desk, method, path) for method, path in held_paths(paths[0])]
    elsewhere = [sent(limited.desk, method, path) for method, path in held_paths(paths[1])]
    converted = clinic.convert({"id": paths[0].rpartition("/")[2]})

    assert {answer.status_code for answer in (*theirs, *elsewhere, converted)} == {404}
    assert clinic.desk.get(paths[1]).status_code == 200


def held_paths(path: str) -> list[tuple[str, str]]:
    """Give each operation on a hold."""
    return [("GET", path), ("POST", f"{path}/extend"), ("DELETE", path)]


@pytest.mark.parametrize("whose", ["unknown", "foreign"])
@pytest.mark.parametrize("field", ["procedure_id", "location_id", "patient_id", "therapist_id", "course_id"])
def test_an_id_in_a_holds_body_that_is_not_ours_is_404(
    standing: Clinic, neighbour: Clinic, field: str, whose: str
) -> None:
    wrong = UNKNOWN_ID if whose == "unknown" else ids_of(neighbour)[field]

    answer = standing.desk.post("/holds", standing.wish(TEN, **{field: wrong}))

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert answer.get_json()["errors"][0]["pointer"] == f"/{field}"
