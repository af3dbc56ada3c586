"""Special hours reach every question and every act, as the weekly hours do."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from models.database import Database
from tests.booking.appointments.test_board import board
from tests.booking.questions.refusals_of_places import explained
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    create_clinic,
    create_course,
    create_location,
    create_room,
    create_therapist,
    refusal,
    refusal_codes,
)
from tests.support.desk import Desk
from tests.support.questions import verdict
from tests.support.special_hours import opens_at, works_at
from tests.support.times import DAY, ELEVEN, NEXT_DAY, TEN, at
from tests.support.waitlist import entry, offer, shown_entry

OUTSIDE = ["outside_opening_hours"]
QUEUED = text("SELECT count(*) FROM queue.procrastinate_jobs WHERE args ->> 'clinic_id' = :clinic_id")


def clocks(clinic: Clinic, first: str = DAY, until: str = NEXT_DAY) -> list[str]:
    """Give the first and the last arrival of some days."""
    found = [start[11:16] for start in clinic.starts(first, until)]
    return [found[0], found[-1]] if found else []


def test_search_and_booking_go_by_the_special_hours_of_the_date(clinic: Clinic) -> None:
    opens_at(clinic.desk, clinic.location, "10:00-12:00", "17:00-21:00")
    works_at(clinic.desk, clinic.therapist, clinic.location, "08:00-22:00")
    starts = [one[11:16] for one in clinic.starts(DAY, NEXT_DAY)]

    assert ("09:55" in starts, starts[0], "11:40" in starts, "11:45" in starts) == (
        False,
        "10:00",
        True,
        False,
    )
    assert (starts[-1], clocks(clinic, NEXT_DAY, "2027-03-03")) == ("20:40", ["09:00", "18:40"])
    for clock, codes in (("09:55", OUTSIDE), ("11:45", OUTSIDE), ("16:55", OUTSIDE), ("20:45", OUTSIDE)):
        assert refusal_codes(clinic.book(at(clock))) == refusal_codes(clinic.hold(at(clock))) == codes
        assert [one["code"] for one in explained(clinic, at(clock))["refusals"]] == codes
        assert [one["code"] for one in verdict(clinic, at(clock))["refusals"]] == codes
    assert verdict(clinic, at("20:40"))["bookable"]
    assert clinic.hold(at("11:40")).status_code == clinic.book(at("20:40")).status_code == 201


def test_a_move_goes_by_the_hours_of_the_date_that_it_leads_to(clinic: Clinic) -> None:
    opens_at(clinic.desk, clinic.location, "10:00-12:00", on=NEXT_DAY)
    visit = clinic.booked(TEN)
    refused = clinic.act("reschedule", visit, starts_at=at("14:00", NEXT_DAY))

    assert refusal_codes(refused) == OUTSIDE
    assert clinic.acted("reschedule", visit, starts_at=at("11:00", NEXT_DAY))["version"] == 2


def test_the_desk_may_book_outside_special_hours_and_is_not_flagged_then(clinic: Clinic) -> None:
    named = {"therapist_id": clinic.therapist["id"]}
    override = {"codes": OUTSIDE, "reason": "A favour"}
    made = opens_at(clinic.desk, clinic.location, "10:00-12:00")
    clinic.booked(at("13:00"), override=override, **named)
    path = f"/locations/{clinic.location['id']}/special-hours/{made['id']}"

    assert clinic.desk.patch(path, {"periods": []}).get_json()["affected"] == []


def test_an_empty_list_closes_and_the_next_slot_is_on_another_date(clinic: Clinic) -> None:
    opens_at(clinic.desk, clinic.location)
    query = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    days = clinic.desk.get("/availability/days", **query, from_=DAY, until="2027-03-03").get_json()["days"]
    refused = clinic.book(TEN)

    assert [bool(one["slots"]) for one in days] == [False, True]
    assert refusal_codes(refused) == OUTSIDE
    assert refused.get_json()["alternatives"][0]["starts_at"].startswith(NEXT_DAY)


def test_special_hours_open_on_a_public_holiday_but_not_during_a_closure(clinic: Clinic) -> None:
    path, spring = f"/locations/{clinic.location['id']}", "2027-05-31"
    clinic.desk.patch(path, {"country": "GB", "subdivision": "ENG", "observes_public_holidays": True})
    closed = clinic.starts(spring, "2027-06-01")
    opens_at(clinic.desk, clinic.location, "10:00-14:00", on=spring)
    opened = clocks(clinic, spring, "2027-06-01")
    fire = {
        "starts_at": f"{spring}T09:00:00+01:00",
        "ends_at": f"{spring}T12:00:00+01:00",
        "reason": "Fire drill",
    }
    clinic.desk.made(f"{path}/closures", **fire)

    assert (closed, opened, clocks(clinic, spring, "2027-06-01")) == (
        [],
        ["10:00", "13:40"],
        ["12:00", "13:40"],
    )
    assert refusal_codes(clinic.book(f"{spring}T11:00:00+01:00")) == ["location_closed"]


def test_a_therapist_is_not_there_on_a_date_without_periods(clinic: Clinic) -> None:
    named = {"therapist_id": clinic.therapist["id"]}
    works_at(clinic.desk, clinic.therapist, clinic.location)
    pool = refusal(clinic.book(TEN), "no_therapist_available")

    assert clinic.starts(DAY, NEXT_DAY) == []
    assert refusal_codes(clinic.book(TEN, **named)) == ["therapist_not_working"]
    assert [one["code"] for one in pool["because"]] == ["therapist_not_working"]
    assert clinic.booked(TEN, **named, override={"codes": ["therapist_not_working"], "reason": "Comes in"})


def test_who_is_there_on_one_date_alone_is_found_booked_and_locked_like_others(clinic: Clinic) -> None:
    other = create_location(clinic.desk, name="Other")
    create_room(clinic.desk, other)
    works_at(clinic.desk, clinic.therapist, other, "10:00-14:00")
    there = replace(clinic, location=other)
    visit = there.booked(TEN)

    assert visit["therapist_id"] == clinic.therapist["id"]
    assert there.starts(NEXT_DAY, "2027-03-03") == []
    assert refusal_codes(another_patient(there).book(TEN)) == ["no_room_available", "no_therapist_available"]
    assert refusal_codes(another_patient(clinic).book(TEN)) == ["no_therapist_available"]
    assert there.acted("reschedule", visit, starts_at=at("13:40"))["starts_at"] == at("13:40")


def test_the_board_is_open_at_special_hours(clinic: Clinic) -> None:
    guest = create_therapist(clinic.desk, name="Guest")
    opens_at(clinic.desk, clinic.location, "10:00-12:00")
    works_at(clinic.desk, guest, clinic.location, "08:00-11:00")

    rows = board(clinic)

    spans = {
        name: [(one["starts_at"][11:16], one["ends_at"][11:16]) for one in row["open"]]
        for name, row in rows.items()
    }
    assert spans == {
        "Room 1": [("10:00", "12:00")], "Therapist": [("10:00", "12:00")], "Guest": [("10:00", "11:00")],
    }  # fmt: skip


def test_the_etag_of_availability_changes_with_special_hours_alone(clinic: Clinic) -> None:
    query = f"procedure_id={clinic.procedure['id']}&location_id={clinic.location['id']}"
    path = f"/availability?{query}&from={DAY}&until={NEXT_DAY}"

    def read(tag: str = "") -> tuple[int, str]:
        answer = clinic.desk.request("GET", path, {"If-None-Match": tag} if tag else {})
        return answer.status_code, answer.headers["ETag"]

    _, before = read()
    made = opens_at(clinic.desk, clinic.location, "10:00-12:00")
    changed, during = read(before)
    clinic.desk.delete(f"/locations/{clinic.location['id']}/special-hours/{made['id']}")

    assert (changed, read(before), during != before) == (200, (304, before), True)


@pytest.mark.parametrize("whose", ["location", "therapist"])
def test_time_that_special_hours_open_is_offered_to_who_waits(
    desk: Desk, database: Database, whose: str
) -> None:
    shut: dict[str, Any] = (
        {"opening_hours": []} if whose == "location" else {"therapist": {"working_hours": []}}
    )
    clinic = create_clinic(desk, **shut)
    waiting = entry(clinic)
    clinic_id = {"clinic_id": str(desk.clinic_id)}

    def queued() -> int:
        with database.transaction() as session:
            return int(session.scalars(QUEUED, clinic_id).one())

    before = queued()
    if whose == "location":
        opens_at(clinic.desk, clinic.location, "10:00-12:00")
    else:
        works_at(clinic.desk, clinic.therapist, clinic.location, "10:00-12:00")
    offer(clinic, database)

    assert queued() == before + 1
    assert shown_entry(clinic, waiting)["offer"]["starts_at"] == TEN


def test_a_plan_of_a_course_keeps_to_special_hours(clinic: Clinic) -> None:
    opens_at(clinic.desk, clinic.location)
    opens_at(clinic.desk, clinic.location, "15:00-16:00", on=NEXT_DAY)
    course = create_course(clinic)
    body = {"location_id": clinic.location["id"], "from": DAY}
    plan = clinic.desk.post(f"/courses/{course['id']}/plan", body).get_json()

    assert plan["sessions"][0]["starts_at"] == at("15:00", NEXT_DAY)


@pytest.mark.parametrize(("closes", "slides"), [("10:25", False), ("10:30", True)])
def test_a_late_patient_slides_to_the_end_of_special_hours(clinic: Clinic, closes: str, slides: bool) -> None:
    late = clinic.booked(TEN)
    opens_at(clinic.desk, clinic.location, f"09:00-{closes}")

    arrived = clinic.at(at("10:10")).acted("arrive", late)

    assert arrived["starts_at"] == (at("10:10") if slides else TEN)


def test_a_visit_should_be_over_when_special_hours_end(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    opens_at(clinic.desk, clinic.location, "09:00-11:00")
    begun = clinic.at(TEN).acted("start", clinic.at(TEN).acted("arrive", visit))
    flags = [
        [
            flag["code"]
            for flag in clinic.at(at(clock)).desk.get(f"/appointments/{begun['id']}").get_json()["flags"]
        ]
        for clock in ("11:00", "11:05")
    ]

    assert "not_closed" not in flags[0]
    assert "not_closed" in flags[1]


def test_another_therapist_takes_over_within_their_special_hours(clinic: Clinic) -> None:
    guest = create_therapist(clinic.desk, name="Guest")
    visit = clinic.booked(ELEVEN)
    refused = clinic.act("reassign", visit, therapist_id=guest["id"])
    works_at(clinic.desk, guest, clinic.location, "11:00-11:20")

    assert refusal_codes(refused) == ["therapist_not_working"]
    assert clinic.acted("reassign", visit, therapist_id=guest["id"])["therapist_id"] == guest["id"]


# The night to 28 March lacks an hour, and the night to 31 October has an hour twice.
@pytest.mark.parametrize(
    ("on", "until", "spans", "number"),
    [
        ("2027-03-28", "2027-03-29", ("00:00-03:00",), 21),
        ("2027-03-28", "2027-03-29", ("01:00-02:00",), 0),
        ("2027-03-28", "2027-03-29", ("00:30-01:30", "01:30-04:00"), 27),
        ("2027-10-31", "2027-11-01", ("00:00-03:00",), 45),
        ("2027-10-31", "2027-11-01", ("01:00-02:00",), 21),
        ("2027-10-31", "2027-11-01", (), 0),
    ],
)
def test_special_hours_of_a_night_in_which_the_clocks_change(
    clinic: Clinic, on: str, until: str, spans: tuple[str, ...], number: int
) -> None:
    opens_at(clinic.desk, clinic.location, *spans, on=on)
    works_at(clinic.desk, clinic.therapist, clinic.location, "00:00-24:00", on=on)

    assert len(clinic.starts(on, until)) == number


def test_another_clinics_special_hours_change_nothing_here(clinic: Clinic, make_clinic: Any) -> None:
    theirs = create_clinic(make_clinic())
    opens_at(theirs.desk, theirs.location)
    visible: Made = theirs.desk.get(f"/locations/{theirs.location['id']}/special-hours").get_json()

    assert len(visible["items"]) == 1
    assert clocks(clinic) == ["09:00", "18:40"]
