"""Bad input gets a 422 that names the field, never a 500, and writes nothing."""

import json
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from models.database import Database
from tests.support.cast import UNKNOWN_ID, Clinic, Made, counts, create_procedure, pointers
from tests.support.times import TEN

DAYS = {"from_": "2027-03-01", "until": "2027-03-02"}
SEARCHES = ("/availability", "/availability/days", "/availability/next", "/availability/explain")
ACTIONS = ("confirm", "arrive", "start-numbing", "start", "complete", "cancel", "no-show", "reschedule")
NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, -(10**30), "", " ", "x", "\x00", "\u202e", "\U0001f600" * 3000,
    [], {}, [[]], [None], [TEN, TEN], {"codes": 1}, {"codes": [1], "reason": None}, UNKNOWN_ID, TEN,
    "2027-02-30T10:00:00Z", "0001-01-01T00:00:00+14:00", "2100-12-31T23:55:00-14:00", "2027-03-01",
    "'; DROP TABLE appointments; --",
)  # fmt: skip
NASTY_TEXTS = (
    "", " ", "x", "\x00", "\ufffd", "-1", "0", "1e400", "9" * 400, "null", "[]", "%", "a=b&c", ",", ",,",
    "2027-02-30", "0000-00-00", "9999-12-31", "2100-12-31", "2000-01-01", "2027-03-01T10:00:00 01:00",
    UNKNOWN_ID, UNKNOWN_ID + "\n", "\u0661\u0662", "\U0001f600" * 300,
)  # fmt: skip
MALFORMED: list[tuple[str, Made]] = [
    ("/starts_at", {"starts_at": "2027-03-01T10:00:00"}),
    ("/starts_at", {"starts_at": "2027-03-01"}),
    ("/starts_at", {"starts_at": "2027-03-01T10:00:00 Europe/London"}),
    ("/starts_at", {"starts_at": "2027-03-01T10:00:00[Europe/London]"}),
    ("/starts_at", {"starts_at": "2027-02-29T10:00:00Z"}),
    ("/starts_at", {"starts_at": "2027-03-01T24:00:00Z"}),
    ("/starts_at", {"starts_at": "2027-03-01T10:01:00Z"}),
    ("/starts_at", {"starts_at": "2027-03-01T10:00:00.5Z"}),
    ("/starts_at", {"starts_at": "1999-12-31T10:00:00Z"}),
    ("/starts_at", {"starts_at": 1_800_000_000}),
    ("/procedure_id", {"procedure_id": "MN_SHORT"}),
    ("/patient_id", {"patient_id": 1}),
    ("/patient_id", {"patient_id": UNKNOWN_ID.replace("-", "")}),
    ("/therapist_id", {"therapist_id": [UNKNOWN_ID]}),
    ("/areas", {"areas": "FACE"}),
    ("/areas", {"areas": ["FACE", "FACE"]}),
    ("/areas", {"areas": ["NECK"]}),
    ("/areas/0", {"areas": ["NOSE"]}),
    ("/areas/0", {"areas": [1]}),
    ("/notes", {"notes": "x" * 2001}),
    ("/notes", {"notes": "\x07"}),
    ("/override/reason", {"override": {"codes": ["off_grid"]}}),
    ("/override/codes", {"override": {"reason": "Because."}}),
    ("/override/codes", {"override": {"codes": ["off_grid", "off_grid"], "reason": "Because."}}),
    ("/override/why", {"override": {"codes": ["off_grid"], "reason": "Because.", "why": "?"}}),
    ("/status", {"status": "completed"}),
    ("/ends_at", {"ends_at": "2027-03-01T10:20:00Z"}),
    ("/Patient_id", {"Patient_id": UNKNOWN_ID}),
]
QUERIES: list[tuple[str, Made]] = [
    ("?until", {"until": "2027-03-01"}),
    ("?until", {"until": "2027-02-28"}),
    ("?until", {"until": "2027-06-02"}),
    ("?until", {"until": None}),
    ("?from", {"from_": None}),
    ("?from", {"from_": "2027-02-30"}),
    ("?from", {"from_": "2027-03-01T00:00:00Z"}),
    ("?procedure_id", {"procedure_id": None}),
    ("?location_id", {"location_id": "London"}),
    ("?patient_id", {"patient_id": "me"}),
    ("?areas/0", {"areas": "NOSE"}),
    ("?areas", {"areas": "NECK"}),
    ("?areas", {"areas": "FACE,FACE"}),
    ("?timezone", {"timezone": "Europe/London"}),
    ("?starts_at", {"starts_at": TEN}),
    ("?From", {"From": "2027-03-01"}),
]


@pytest.fixture(scope="module")
def clinic(standing: Clinic) -> Clinic:
    """Give one clinic to all tests of bad input, which write nothing into it."""
    return standing


@pytest.fixture(scope="module")
def visit(clinic: Clinic) -> Made:
    """Book the visit that bad input must not change."""
    return clinic.booked(TEN)


def assert_a_problem(answer: TestResponse) -> None:
    """Insist on no failure of the server, and on a problem document where the answer is no success."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["status"] == answer.status_code


def send(clinic: Clinic, method: str, path: str, body: Any) -> TestResponse:
    """Send a body as Python's own JSON module writes it, which allows NaN and lone surrogates."""
    return clinic.desk.request(method, path, data=json.dumps(body), content_type="application/json")


def question(clinic: Clinic, path: str) -> Made:
    """Give the query of a search for the clinic's procedure."""
    asked: Made = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    if path in {"/availability", "/availability/days"}:
        return asked | DAYS
    return asked | ({"starts_at": TEN} if path == "/availability/explain" else {})


@pytest.mark.parametrize(("pointer", "changed"), MALFORMED)
def test_a_malformed_booking_names_the_field_and_writes_nothing(
    clinic: Clinic, database: Database, pointer: str, changed: Made
) -> None:
    before = counts(database, clinic.desk)
    body = clinic.wish(TEN) | changed

    answers = [clinic.desk.post(path, body) for path in ("/appointments", "/appointments/validate")]

    assert [pointers(answer) for answer in answers] == [[pointer]] * 2
    assert counts(database, clinic.desk) == before


@pytest.mark.parametrize("field", ["procedure_id", "location_id", "patient_id", "starts_at"])
def test_a_booking_without_a_required_field_names_it(clinic: Clinic, field: str) -> None:
    body = {name: value for name, value in clinic.wish(TEN).items() if name != field}

    assert pointers(clinic.desk.post("/appointments", body)) == [f"/{field}"]


def test_every_field_at_fault_is_named_at_once(clinic: Clinic) -> None:
    answer = clinic.book("today", patient_id=1, colour="red")

    assert sorted(pointers(answer)) == ["/colour", "/patient_id", "/starts_at"]


def test_areas_are_required_where_the_procedure_leaves_a_choice(clinic: Clinic) -> None:
    body = create_procedure(clinic.desk, code="BODY", areas=["ABDOMEN", "BACK"], choose_areas=True)

    without = clinic.book(TEN, procedure_id=body["id"])
    wrong = clinic.book(TEN, procedure_id=body["id"], areas=["FACE"])

    assert pointers(without) == ["/areas"]
    assert pointers(wrong) == ["/areas"]


@pytest.mark.parametrize(("pointer", "changed"), QUERIES)
def test_a_malformed_search_names_the_parameter(clinic: Clinic, pointer: str, changed: Made) -> None:
    answer = clinic.desk.get("/availability", **question(clinic, "/availability") | changed)

    assert pointers(answer) == [pointer]


@pytest.mark.parametrize("path", ["/availability", "/availability/days"])
@pytest.mark.parametrize(("until", "status"), [("2027-05-31", 200), ("2027-06-01", 200), ("2027-06-02", 422)])
def test_a_search_takes_at_most_92_days(clinic: Clinic, path: str, until: str, status: int) -> None:
    answer = clinic.desk.get(path, **question(clinic, path) | {"until": until})

    assert answer.status_code == status


def test_a_parameter_given_twice_is_refused(clinic: Clinic) -> None:
    location = f"location_id={clinic.location['id']}"
    query = f"procedure_id={clinic.procedure['id']}&{location}&from=2027-03-01&until=2027-03-02&{location}"

    answer = clinic.desk.request("GET", f"/availability?{query}")

    assert pointers(answer) == ["?location_id"]


def test_an_instant_with_an_unescaped_plus_is_refused_in_words(clinic: Clinic) -> None:
    query = "&".join(f"{name}={value}" for name, value in question(clinic, "/availability/next").items())

    answer = clinic.desk.request("GET", f"/availability/explain?{query}&starts_at=2027-03-01T10:00:00+00:00")

    assert pointers(answer) == ["?starts_at"]
    assert "%2B" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "query", [{"status": "done"}, {"flagged": "yes"}, {"from_": "soon"}, {"limit": "501"}]
)
def test_a_malformed_list_names_the_parameter(clinic: Clinic, query: Made) -> None:
    (name,) = query

    answer = clinic.desk.get("/appointments", **query)

    assert pointers(answer) == [f"?{name.rstrip('_')}"]


@pytest.mark.parametrize(
    ("until", "status", "found"),
    [
        ("2027-02-28", 422, ["?until"]),
        ("2027-03-01", 422, ["?until"]),
        ("2027-03-02", 200, []),
        ("2029-03-01", 200, []),
    ],
)
def test_a_list_ends_after_it_begins(clinic: Clinic, until: str, status: int, found: list[str]) -> None:
    answer = clinic.desk.get("/appointments", from_="2027-03-01", until=until)

    errors = answer.get_json().get("errors", [])
    assert (answer.status_code, [one["pointer"] for one in errors]) == (status, found)


@pytest.mark.parametrize("now", ["2027-03-01T10:00:00", "now", "2027-03-01T10:00:00+25:00"])
def test_a_clock_that_cannot_be_read_is_refused(clinic: Clinic, now: str) -> None:
    assert pointers(clinic.at(now).book(TEN)) == ["X-Clinic-Now"]


@pytest.mark.parametrize("nasty", NASTY, ids=lambda value: ascii(value)[:30])
def test_no_value_in_any_field_of_any_body_is_a_failure_of_ours(
    clinic: Clinic, visit: Made, database: Database, nasty: Any
) -> None:
    before = counts(database, clinic.desk)
    fields = (*clinic.wish(TEN), "areas", "therapist_id", "room_id", "course_id", "notes", "override", "x")
    path = f"/appointments/{visit['id']}"
    # No valid version is sent, so that no request changes the visit.
    bodies = [
        {name: nasty} for name in ("version", "reason_code", "starts_at", "override", "numbed_elsewhere")
    ]

    requests = [("/appointments", nasty)]
    requests += [("/appointments/validate", clinic.wish(TEN) | {name: nasty}) for name in fields]
    requests += [("/appointments", {"patient_id": 0, name: nasty}) for name in fields]
    requests += [(f"{path}/{action}", body) for action in ACTIONS for body in bodies]
    answers = [send(clinic, "POST", place, body) for place, body in requests]
    answers += [send(clinic, "PATCH", path, body) for body in ({"notes": nasty}, {"version": nasty}, nasty)]

    for answer in answers:
        assert_a_problem(answer)
    assert counts(database, clinic.desk) == before


@pytest.mark.parametrize("nasty", NASTY_TEXTS, ids=lambda value: ascii(value)[:30])
def test_no_value_in_any_parameter_or_path_is_a_failure_of_ours(clinic: Clinic, nasty: str) -> None:
    names = (
        "procedure_id", "location_id", "patient_id", "therapist_id", "room_id", "areas", "from_", "until",
        "starts_at", "rank", "limit", "cursor", "ignore_appointment_id", "status", "flagged", "updated_since",
    )  # fmt: skip
    paths = (*SEARCHES, "/appointments", "/schedule", f"/patients/{clinic.patient['id']}/eligibility")

    answers = [
        clinic.desk.get(path, **(question(clinic, path) if path in SEARCHES else {}) | {name: nasty})
        for path in paths
        for name in names
    ]
    answers += [
        clinic.desk.request("GET", path.replace("{}", nasty.replace("%", "%25").replace("\n", "%0A") or "-"))
        for path in ("/appointments/{}", "/appointments/{}/history", "/patients/{}/eligibility")
        if nasty.isprintable()
    ]

    for answer in answers:
        assert_a_problem(answer)


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "X-Actor", "X-Request-Id", "Authorization"])
@pytest.mark.parametrize("nasty", ["", '"', '""', 'W/"1"', '"1", "2"', "*", "1" * 300, "\xe9\xff", "Bearer"])
def test_no_header_is_a_failure_of_ours(clinic: Clinic, visit: Made, header: str, nasty: str) -> None:
    path = f"/appointments/{visit['id']}"

    answers = [
        clinic.desk.request("GET", path, {header: nasty}),
        clinic.desk.request("POST", f"{path}/confirm", {header: nasty}, json={}),
        clinic.desk.request("PATCH", path, {header: nasty}, json={"notes": "New"}),
    ]

    for answer in answers:
        assert_a_problem(answer)


@pytest.mark.parametrize(
    ("depth", "message"),
    [
        (19, "Invalid input type.|Not a string."),
        (100, "Must not be nested deeper than 20 levels."),
        (1000, "Must not be nested deeper than 20 levels."),
        (1023, "Must not be nested deeper than 20 levels."),
        (100_000, "Not valid JSON in UTF-8"),
    ],
)
@pytest.mark.parametrize("opening", ["[", '{"notes":'])
def test_a_body_however_deep_is_refused(clinic: Clinic, depth: int, message: str, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    body = opening * depth + "1" + closing * depth

    answer = clinic.desk.request("POST", "/appointments", data=body, content_type="application/json")

    assert_a_problem(answer)
    assert answer.status_code == 422
    assert re.match(message, answer.get_json()["errors"][0]["message"])


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{", b"\xff", b'{"notes": "\\ud800"}', b'"x"', b"[1]", b"NaN"]
)
def test_a_body_that_is_no_object_is_refused(clinic: Clinic, body: bytes) -> None:
    answer = clinic.desk.request("POST", "/appointments", data=body, content_type="application/json")

    assert answer.status_code == 422


@pytest.mark.parametrize(("method", "status"), [("PUT", 405), ("DELETE", 405), ("PROPFIND", 405)])
def test_a_method_that_no_path_knows_is_405(clinic: Clinic, method: str, status: int) -> None:
    answer = clinic.desk.request(method, "/appointments")

    assert_a_problem(answer)
    assert answer.status_code == status


def test_a_body_of_another_type_is_415(clinic: Clinic) -> None:
    answer = clinic.desk.request("POST", "/appointments", data="starts_at=now", content_type="text/plain")

    assert_a_problem(answer)
    assert answer.status_code == 415
