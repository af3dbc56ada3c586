"""Lists that a desk prints: sorted, narrowed by several statuses, with the patients beside the items."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from models.database import Database
from tests.support.cast import Clinic, Made, another_patient, create_key, pointers
from tests.support.pages import items_page_by_page
from tests.support.statements import listening
from tests.support.times import DAY, NEXT_DAY, TEN
from tests.support.waitlist import entry

ELEVEN, NOON, ONE = (f"{DAY}T{hour}:00:00Z" for hour in (11, 12, 13))
JANE = {"name": "Jane Doe", "phone": "+442079460000", "email": "jane@example.org"}


@pytest.fixture
def visits(clinic: Clinic) -> list[Made]:
    """Book four visits, which start in another order than they are made."""
    return [clinic.booked(at) for at in (NOON, TEN, ONE, ELEVEN)]


def _ids(found: list[Made]) -> list[str]:
    return [item["id"] for item in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("created_at", [0, 1, 2, 3]),
        ("-created_at", [3, 2, 1, 0]),
        ("starts_at", [1, 3, 0, 2]),
        ("-starts_at", [2, 0, 3, 1]),
    ],
)
def test_the_pages_of_each_order_together_are_the_list(
    clinic: Clinic, visits: list[Made], sort: str, order: list[int], limit: int
) -> None:
    found = items_page_by_page(clinic.desk, "/appointments", limit=limit, sort=sort)

    assert _ids(found) == [visits[one]["id"] for one in order]


def test_visits_that_start_at_once_come_in_order_of_creation(clinic: Clinic) -> None:
    place = clinic.location
    clinic.desk.made("/rooms", location_id=place["id"], name="Room 2", kind="treatment")
    hours = clinic.therapist["working_hours"]
    names = {"qualifications": clinic.therapist["qualifications"], "working_hours": hours}
    clinic.desk.made("/therapists", name="Second", **names)
    first, second = clinic.booked(TEN), another_patient(clinic).booked(TEN)

    forwards = items_page_by_page(clinic.desk, "/appointments", limit=1, sort="starts_at")
    backwards = items_page_by_page(clinic.desk, "/appointments", limit=1, sort="-starts_at")

    assert (_ids(forwards), _ids(backwards)) == (_ids([first, second]), _ids([second, first]))


def test_a_visit_booked_between_two_pages_neither_hides_nor_repeats_others(
    clinic: Clinic, visits: list[Made]
) -> None:
    page = clinic.desk.get("/appointments", sort="starts_at", limit=2).get_json()
    clinic.booked(f"{DAY}T09:00:00Z")
    rest = clinic.desk.get("/appointments", sort="starts_at", cursor=page["next_cursor"]).get_json()["items"]

    assert _ids(page["items"] + rest) == [visits[one]["id"] for one in (1, 3, 0, 2)]


SORTS = ("created_at", "-created_at", "starts_at", "-starts_at")


@pytest.mark.parametrize("given", SORTS)
@pytest.mark.parametrize("used", SORTS)
def test_a_cursor_holds_for_its_own_order(clinic: Clinic, visits: list[Made], given: str, used: str) -> None:
    cursor = clinic.desk.get("/appointments", sort=given, limit=1).get_json()["next_cursor"]

    answer = clinic.desk.get("/appointments", sort=used, cursor=cursor)

    assert visits
    assert answer.status_code == (200 if given == used else 422)
    assert given == used or pointers(answer) == ["?cursor"]


@pytest.mark.parametrize("path", ["/patients", "/rooms", "/api-keys", "/waitlist", "/webhooks"])
def test_what_has_no_start_is_not_sorted_by_it(clinic: Clinic, path: str) -> None:
    assert pointers(clinic.desk.get(path, sort="starts_at")) == ["?sort"]
    assert clinic.desk.get(path, sort="-created_at").status_code == 200


def test_every_list_of_stored_objects_turns_round(clinic: Clinic) -> None:
    made = [clinic.patient["id"], *clinic.patients(3)]

    found = items_page_by_page(clinic.desk, "/patients", limit=3, sort="-created_at")

    assert _ids(found) == made[::-1]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("booked", [2, 3]),
        ("confirmed", [0]),
        ("booked,confirmed", [0, 2, 3]),
        ("confirmed,booked", [0, 2, 3]),
        ("cancelled,confirmed", [0, 1]),
        ("completed,no_show", []),
    ],
)
def test_several_statuses_are_asked_for_at_once(
    clinic: Clinic, visits: list[Made], status: str, shown: list[int]
) -> None:
    clinic.acted("confirm", visits[0])
    clinic.acted("cancel", visits[1], reason_code="patient")

    found = clinic.desk.get("/appointments", status=status).get_json()["items"]

    assert _ids(found) == [visits[one]["id"] for one in shown]


def test_live_holds_are_listed_among_others_when_asked_for(clinic: Clinic) -> None:
    hold, visit = clinic.held(TEN), clinic.booked(NOON)

    both = clinic.desk.get("/appointments", status="held,booked").get_json()["items"]
    alone = clinic.desk.get("/appointments", status="booked").get_json()["items"]

    assert (_ids(both), _ids(alone)) == ([hold["id"], visit["id"]], [visit["id"]])


@pytest.mark.parametrize("status", ["nope", "booked,nope", "", ",", "booked,", "booked,booked"])
def test_statuses_that_are_none_are_422(clinic: Clinic, status: str) -> None:
    answer = clinic.desk.get("/appointments", status=status)

    assert (answer.status_code, pointers(answer)) == (422, ["?status"])


@pytest.mark.parametrize(
    ("path", "name", "good"),
    [
        ("/waitlist", "status", "waiting,offered"),
        ("/courses", "status", "planned,paused"),
        ("/recalls", "kind", "review,lapsed"),
        ("/messages", "kind", "confirmation,reminder_2d"),
        ("/message-templates", "kind", "confirmation,reminder_2d"),
    ],
)
def test_each_closed_set_takes_several_of_its_words(clinic: Clinic, path: str, name: str, good: str) -> None:
    dates = {"/recalls": "2027-02-01", "/messages": "2027-01-05T00:00:00Z"}
    query = {"due_by": dates.get(path)}

    assert clinic.desk.get(path, **query, **{name: good}).status_code == 200
    assert pointers(clinic.desk.get(path, **query, **{name: f"{good},nope"})) == [f"?{name}"]


def _named(clinic: Clinic) -> Clinic:
    return another_patient(clinic, **JANE)


def _appointments(clinic: Clinic, **query: Any) -> Any:
    return clinic.desk.get("/appointments", **query)


def _waitlist(clinic: Clinic, **query: Any) -> Any:
    return clinic.desk.get("/waitlist", **query)


def _schedule(clinic: Clinic, **query: Any) -> Any:
    where = {"location_id": clinic.location["id"], "from_": DAY, "until": NEXT_DAY}
    return clinic.desk.get("/schedule", **where, **query)


def _items(answer: Any) -> list[Made]:
    body = answer.get_json()
    return body["items"] if "items" in body else [item for row in body["resources"] for item in row["items"]]


LISTS = pytest.mark.parametrize("listed", [_appointments, _waitlist, _schedule])
Listed = Callable[..., Any]


@LISTS
def test_patients_are_shown_beside_what_is_theirs(clinic: Clinic, listed: Listed) -> None:
    jane = _named(clinic)
    jane.booked(TEN)
    entry(jane)

    found = _items(listed(clinic, include="patient"))

    card = JANE | {"id": jane.patient["id"]}
    assert found
    assert [item["patient"] for item in found] == [card] * len(found)


@LISTS
def test_patients_are_shown_only_when_asked_for(clinic: Clinic, listed: Listed) -> None:
    jane = _named(clinic)
    jane.booked(TEN)
    entry(jane)

    assert all("patient" not in item for item in _items(listed(clinic)))
    assert pointers(listed(clinic, include="patients")) == ["?include"]


@LISTS
def test_patients_are_shown_only_to_keys_that_may_read_them(clinic: Clinic, listed: Listed) -> None:
    blind = clinic.using(create_key(clinic.desk, "appointments:read", "catalog:read"))
    seeing = clinic.using(create_key(clinic.desk, "appointments:read", "patients:read"))

    answer = listed(blind, include="patient")

    assert (answer.status_code, answer.get_json()["code"]) == (403, "missing_scope")
    assert (listed(blind).status_code, listed(seeing, include="patient").status_code) == (200, 200)


@LISTS
def test_the_patients_of_a_list_cost_one_statement_however_many(
    database: Database, clinic: Clinic, listed: Listed
) -> None:
    for at in (TEN, ELEVEN, NOON):
        one = another_patient(clinic)
        one.booked(at)
        entry(one)
    listed(clinic, include="patient")

    with listening(database) as plain:
        listed(clinic)
    with listening(database) as including:
        listed(clinic, include="patient")

    assert len(including) == len(plain) + 1


def test_a_hold_without_a_patient_shows_none(clinic: Clinic) -> None:
    clinic.held(TEN)

    (hold,) = _items(_appointments(clinic, status="held", include="patient"))

    assert (hold["patient_id"], hold["patient"]) == (None, None)


@LISTS
def test_no_log_line_names_a_patient(
    clinic: Clinic, listed: Listed, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    jane = _named(clinic)
    jane.booked(TEN)
    entry(jane)

    assert _items(listed(clinic, include="patient"))

    written = caplog.text + "".join(capfd.readouterr())
    assert not [value for value in JANE.values() if value in written]
