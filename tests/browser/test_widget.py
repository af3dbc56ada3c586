"""People book by the widget's page, and it says what they can do when something is against it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from models import Appointment, BookingCode
from models.database import Database
from tests.browser.visitor import Visitor
from tests.support.cast import Clinic, create_clinic, create_patient, instant, rows
from tests.support.desk import Desk

Open = Callable[..., Visitor]
ADA = "ada@example.org"
GRACE = "grace@example.org"


def words(at: datetime, zone: str) -> str:
    """Word an instant as the page does."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there:%A} {there.day} {there:%B} at {there:%H:%M} {there:%Z}"


@pytest.fixture
def visitor(clinic: Clinic, opened: Open) -> Visitor:
    """Give a visitor of the clinic's page, at whose clinic one patient is known."""
    create_patient(clinic.desk, name="Ada Lovelace", email=ADA)
    return opened(clinic)


def test_somebody_new_books_moves_and_cancels(visitor: Visitor) -> None:
    visitor.reads("Choose a treatment and a time.")
    first = visitor.chooses(0)
    visitor.reads(f"{first} is kept for you for some minutes.")
    visitor.proves(GRACE)
    visitor.books_for_somebody_new()
    expect(visitor.visits).to_contain_text([first])

    visitor.clicks(f"Move {first}")
    visitor.reads("Choose a time.")
    second = visitor.takes(7)
    visitor.reads("Your visit is moved.")
    assert second != first
    expect(visitor.visits).to_contain_text([second])

    visitor.clicks(f"Cancel {second}")
    visitor.reads("Your visit is cancelled.")
    expect(visitor.visits).to_have_count(0)

    (visit,) = visitor.clinic.desk.get("/appointments").get_json()["items"]
    (patient,) = visitor.clinic.desk.get("/patients", q="Grace").get_json()["items"]
    assert (visit["status"], visit["patient_id"]) == ("cancelled", patient["id"])
    assert (patient["email"], patient["born_on"]) == (GRACE, "1990-05-01")
    assert (visitor.wrong, visitor.refused) == ([], [])


def test_a_patient_books_by_the_first_name_and_finds_the_visit_again(visitor: Visitor, opened: Open) -> None:
    chosen = visitor.chooses(3)
    visitor.proves(ADA)
    visitor.books_for("Ada")

    again = opened(visitor.clinic)
    again.clicks("Show my visits")
    again.reads("Prove your address by a code.")
    again.proves(ADA)
    again.reads("Welcome.")
    expect(again.visits).to_contain_text([chosen])
    assert (visitor.wrong, visitor.refused, again.wrong, again.refused) == ([], [], [], [])


def test_a_second_choice_gives_the_first_back(visitor: Visitor, database: Database) -> None:
    visitor.chooses(0)
    chosen = visitor.chooses(1)
    visitor.reads(f"{chosen} is kept for you for some minutes.")
    expect(visitor.page.get_by_label("Your e-mail")).to_be_focused()

    kept = rows(database, visitor.clinic.desk, Appointment)
    assert [words(one.starts_at, "Europe/London") for one in kept if one.status == "held"] == [chosen]
    assert (visitor.wrong, visitor.refused) == ([], [])


def test_the_fifth_wrong_code_ends_the_code(visitor: Visitor) -> None:
    visitor.chooses(0)
    visitor.asks_for_code(GRACE)
    right = visitor.code_for(GRACE)
    for _ in range(5):
        visitor.tries(f"{(int(right) + 1) % 10**6:06}")
        visitor.reads("The code is wrong.")
        visitor.page.evaluate("say('')")
    visitor.tries(right)
    visitor.reads("The code was used, tried too often or replaced, or its time is over; ask for another.")

    assert [status for status, _ in visitor.refused] == [403] * 5 + [410]
    assert visitor.wrong == []


def test_a_late_code_can_be_followed_by_another(visitor: Visitor, database: Database) -> None:
    visitor.chooses(0)
    visitor.asks_for_code(GRACE)
    late = visitor.code_for(GRACE)
    with database.transaction(visitor.clinic.desk.clinic_id) as session:
        session.execute(update(BookingCode).values(expires_at=datetime.now(UTC)))
    visitor.tries(late)
    visitor.reads("The code was used, tried too often or replaced, or its time is over; ask for another.")
    visitor.asks_for_code(GRACE)
    visitor.tries(visitor.code_for(GRACE, but=late))
    visitor.reads("Who comes?")

    assert visitor.refused == [(410, "/v1/booking-tokens/verify")]
    assert visitor.wrong == []


def test_a_time_that_was_taken_meanwhile_is_told_with_its_reasons(visitor: Visitor) -> None:
    first = visitor.shows_times()
    clinic = visitor.clinic
    (slot, *_) = clinic.slots(first, str(date.fromisoformat(first) + timedelta(days=1)))
    clinic.booked(slot["starts_at"])
    visitor.takes(0)
    visitor.reads("Nobody who may do this is free for the visit. No suitable room is free for the visit.")

    assert visitor.refused == [(409, "/v1/holds")]
    assert visitor.wrong == []


def test_nobody_sees_a_visit_of_another_patient(visitor: Visitor, opened: Open) -> None:
    visitor.chooses(0)
    visitor.proves(ADA)
    visitor.books_for("Ada")
    (visit,) = visitor.clinic.desk.get("/appointments").get_json()["items"]
    path = f"/appointments/{visit['id']}"

    other = opened(visitor.clinic)
    other.clicks("Show my visits")
    other.proves(GRACE)
    other.reads("Welcome.")
    token = {"X-Booking-Token": other.token}
    assert other.fetches(path, **token)["status"] == 404
    moved = {"version": visit["version"], "reason_code": "patient"}
    keyed = {**token, "Idempotency-Key": "1", "Content-Type": "application/json"}
    assert other.fetches(f"{path}/cancel", "POST", moved, **keyed)["status"] == 404
    assert visitor.fetches(path, **{"X-Booking-Token": visitor.token})["body"]["id"] == visit["id"]
    assert other.wrong == []


def test_times_are_those_of_the_clinic_wherever_the_visitor_is(desk: Desk, opened: Open) -> None:
    clinic = create_clinic(desk.at(datetime.now(UTC).isoformat()), timezone="America/New_York")
    visitor = opened(clinic, timezone="Pacific/Auckland")
    shown = visitor.chooses(0)
    visitor.proves(GRACE)
    visitor.books_for_somebody_new()

    (visit,) = clinic.desk.get("/appointments").get_json()["items"]
    expected = words(instant(visit["starts_at"]), "America/New_York")
    assert "at 09:00" in expected
    assert shown.rpartition(" ")[0] == expected.rpartition(" ")[0]
    expect(visitor.visits).to_contain_text([shown])
    assert visitor.wrong == []
