"""A slot that is offered can be booked, and another instant is explained."""

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.cast import (
    Clinic,
    Made,
    create_clinic,
    create_patient,
    create_pipeline,
    create_room,
    create_therapist,
    every_day,
    short_phases,
    working,
)
from tests.support.desk import Desk
from tests.support.times import DAY, NEXT_DAY, TEN
from tests.support.widgets import ORIGIN, create_widget


class Widget(Desk):
    """A desk that asks from a web page."""

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **kw: Any
    ) -> TestResponse:
        return super().request(method, path, {"Origin": ORIGIN} | (headers or {}), **kw)


def asked(clinic: Clinic, path: str, **query: Any) -> Made:
    """Ask a question about the clinic's procedure and give the answer's body."""
    named = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    answer = clinic.desk.get(path, **named | query)
    assert answer.status_code == 200, answer.text
    body: Made = answer.get_json()
    return body


def test_a_slot_tells_when_the_patient_comes_is_treated_and_leaves(desk: Desk) -> None:
    clinic = create_pipeline(desk, timezone="America/New_York")

    found = asked(clinic, "/availability", from_="2027-03-14", until="2027-03-15", limit=1)

    assert found == {
        "timezone": "America/New_York",
        "slots": [
            {
                "starts_at": "2027-03-14T09:00:00-04:00",
                "procedure_at": "2027-03-14T09:45:00-04:00",
                "ends_at": "2027-03-14T10:25:00-04:00",
                "therapist_ids": [clinic.therapist["id"]],
            }
        ],
    }


def test_slots_lie_within_the_local_days_that_were_asked_for(clinic: Clinic) -> None:
    starts = clinic.starts(DAY, NEXT_DAY)

    assert (starts[0], starts[-1]) == (f"{DAY}T09:00:00+00:00", f"{DAY}T18:40:00+00:00")
    assert len(starts) == 117


def test_a_place_that_never_closes_offers_no_slot_of_the_next_day(desk: Desk) -> None:
    hours = [{"weekday": "wed", "opens": "00:00", "closes": "24:00"}]
    clinic = create_clinic(
        desk,
        opening_hours=[*hours, {"weekday": "thu", "opens": "00:00", "closes": "24:00"}],
        therapist={},
    )
    night = create_therapist(
        clinic.desk, clinic.location, working_hours=working(clinic.location, "00:00", "24:00")
    )
    day = {"from_": "2027-05-19", "until": "2027-05-20", "therapist_id": night["id"]}

    starts = [slot["starts_at"] for slot in asked(clinic, "/availability", **day)["slots"]]

    assert (len(starts), starts[0], starts[-1]) == (
        288, "2027-05-19T00:00:00+01:00", "2027-05-19T23:55:00+01:00",
    )  # fmt: skip
    assert asked(clinic, "/availability/days", **day) == {"days": [{"on": "2027-05-19", "slots": 288}]}


def test_a_booking_takes_away_the_slots_that_it_overlaps(clinic: Clinic) -> None:
    before = clinic.starts(DAY, NEXT_DAY)
    clinic.booked(TEN)

    gone = set(before) - set(clinic.starts(DAY, NEXT_DAY))

    assert sorted(start[11:16] for start in gone) == [
        "09:45",
        "09:50",
        "09:55",
        "10:00",
        "10:05",
        "10:10",
        "10:15",
    ]


def test_each_slot_names_the_therapists_who_could_lead_it(clinic: Clinic) -> None:
    create_room(clinic.desk, clinic.location)
    mornings = create_therapist(clinic.desk, working_hours=working(clinic.location, "09:00", "12:00"))
    clinic.booked(TEN, therapist_id=clinic.therapist["id"])

    slots = {slot["starts_at"][11:16]: slot["therapist_ids"] for slot in clinic.slots(DAY, NEXT_DAY)}

    both = sorted([clinic.therapist["id"], mornings["id"]])
    assert (slots["09:00"], slots["10:00"], slots["12:00"]) == (
        both,
        [mornings["id"]],
        [clinic.therapist["id"]],
    )
    assert len(clinic.slots(DAY, NEXT_DAY, therapist_id=mornings["id"])) == 33


def test_a_named_room_is_the_only_one_looked_at(clinic: Clinic) -> None:
    room = create_room(clinic.desk, clinic.location, name="Second")
    create_therapist(clinic.desk, clinic.location, name="Second")
    clinic.booked(TEN, room_id=room["id"])

    assert TEN not in clinic.starts(DAY, NEXT_DAY, room_id=room["id"])
    assert TEN in clinic.starts(DAY, NEXT_DAY)


def test_a_patients_other_visits_are_kept(clinic: Clinic) -> None:
    create_room(clinic.desk, clinic.location)
    create_therapist(clinic.desk, clinic.location, name="Second")
    clinic.booked(TEN)

    assert TEN in clinic.starts(DAY, NEXT_DAY)
    assert TEN not in clinic.starts(DAY, NEXT_DAY, patient_id=clinic.patient["id"])


def test_an_appointments_own_time_can_be_left_out(spaced: Clinic) -> None:
    visit = spaced.booked(TEN)
    query = {"patient_id": spaced.patient["id"], "ignore_appointment_id": visit["id"]}

    assert spaced.starts(DAY, NEXT_DAY, patient_id=spaced.patient["id"]) == []
    assert TEN in spaced.starts(DAY, NEXT_DAY, **query)


def test_days_count_the_slots_of_each_date(clinic: Clinic) -> None:
    clinic.desk.patch(
        f"/locations/{clinic.location['id']}",
        {"opening_hours": [{"weekday": "mon", "opens": "09:00", "closes": "10:00"}]},
    )

    found = asked(clinic, "/availability/days", from_="2027-02-28", until="2027-03-03")

    assert found == {
        "days": [
            {"on": "2027-02-28", "slots": 0},
            {"on": "2027-03-01", "slots": 9},
            {"on": "2027-03-02", "slots": 0},
        ]
    }


def test_next_is_the_first_slot_of_the_list(clinic: Clinic) -> None:
    found = asked(clinic.at(f"{DAY}T18:45:00Z"), "/availability/next")

    assert (found["starts_at"], found["timezone"]) == ("2027-03-02T09:00:00+00:00", "Europe/London")


def test_next_looks_up_to_the_horizon_and_no_further(clinic: Clinic) -> None:
    path = f"/locations/{clinic.location['id']}"
    until_march = {"starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-03-01T00:00:00Z", "reason": "Refit"}
    clinic.desk.made(f"{path}/closures", **until_march)
    named = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}

    answers = []
    for horizon_days in (56, 55):
        clinic.desk.patch(path, {"policy": {"horizon_days": horizon_days}})
        answers.append(clinic.desk.get("/availability/next", **named))

    assert answers[0].get_json()["starts_at"] == "2027-03-01T09:00:00+00:00"
    assert (answers[1].status_code, answers[1].get_json()["code"]) == (404, "no_slot")


def test_explain_gives_every_reason_and_near_slots(clinic: Clinic) -> None:
    clinic.booked(TEN)

    found = asked(clinic, "/availability/explain", starts_at=TEN, patient_id=clinic.patient["id"])

    assert found["bookable"] is False
    assert sorted(one["code"] for one in found["refusals"]) == [
        "no_room_available", "no_therapist_available", "patient_busy",
    ]  # fmt: skip
    assert len(found["alternatives"]) == 5


def test_explain_has_nothing_to_say_against_a_free_slot(clinic: Clinic) -> None:
    found = asked(clinic, "/availability/explain", starts_at=TEN)

    assert found == {"bookable": True, "refusals": [], "warnings": [], "alternatives": []}


def test_explain_leaves_the_near_slots_out_when_they_are_not_wanted(clinic: Clinic) -> None:
    clinic.booked(TEN)
    asking = {"starts_at": TEN, "patient_id": clinic.patient["id"]}
    whole = asked(clinic, "/availability/explain", **asking, alternatives="true")

    short = asked(clinic, "/availability/explain", **asking, alternatives="false")

    assert "alternatives" not in short
    assert short == {name: whole[name] for name in ("bookable", "refusals", "warnings")}


def test_explain_warns_of_what_is_sooner_than_recommended(spaced: Clinic) -> None:
    spaced.booked(TEN)

    found = asked(
        spaced, "/availability/explain", starts_at="2027-03-29T10:00:00Z", patient_id=spaced.patient["id"]
    )

    assert found["bookable"] is True
    assert [one["code"] for one in found["warnings"]] == ["below_recommended_spacing"]


def test_the_etag_stays_until_something_that_matters_changes(clinic: Clinic) -> None:
    query = f"procedure_id={clinic.procedure['id']}&location_id={clinic.location['id']}"
    path = f"/availability?{query}&from={DAY}&until={NEXT_DAY}"
    tag = clinic.desk.request("GET", path).headers["ETag"]

    create_patient(clinic.desk)
    same = clinic.desk.request("GET", path, {"If-None-Match": tag})
    clinic.booked(TEN)
    changed = clinic.desk.request("GET", path, {"If-None-Match": tag})

    assert (same.status_code, same.data) == (304, b"")
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_compact_puts_first_what_leaves_no_gap(desk: Desk) -> None:
    clinic = create_clinic(desk, procedure={"phases": short_phases(minutes=60)})
    clinic.booked(f"{DAY}T12:00:00Z")

    first = [start[11:16] for start in clinic.starts(DAY, NEXT_DAY, rank="compact")]

    assert first[:3] == ["09:00", "10:00", "11:00"]
    assert sorted(first) == [start[11:16] for start in clinic.starts(DAY, NEXT_DAY)]


@pytest.fixture
def widget(desk: Desk) -> Clinic:
    """Give a location with a compact offer, open for an hour, as a publishable key sees it."""
    clinic = create_clinic(desk, opening_hours=every_day("09:00", "10:00"))
    desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"offer": "compact"}})
    key = create_widget(desk, "availability:read").key
    return replace(clinic, desk=Widget(desk.app, desk.clinic_id, key, desk.now))


def test_a_compact_offer_shows_a_widget_only_what_keeps_the_most_visits(widget: Clinic, desk: Desk) -> None:
    shown = [start[11:16] for start in widget.starts(DAY, NEXT_DAY)]

    assert shown == ["09:00", "09:20", "09:40"]
    assert len(replace(widget, desk=desk).starts(DAY, NEXT_DAY)) == 9


def test_a_compact_offer_counts_for_days_and_for_the_next_slot_too(widget: Clinic, desk: Desk) -> None:
    replace(widget, desk=desk).booked(f"{DAY}T09:00:00Z")

    days = asked(widget, "/availability/days", from_=DAY, until="2027-03-03")["days"]
    ranked = [start[11:16] for start in widget.starts(DAY, NEXT_DAY, rank="compact")]

    assert [day["slots"] for day in days] == [3, 3]
    assert ranked == ["09:20", "09:40", "09:25"]
    assert asked(widget, "/availability/next")["starts_at"] == "2027-01-04T09:00:00+00:00"


@pytest.mark.parametrize("rank", ["earliest", "compact"])
def test_a_limit_cuts_either_rank(clinic: Clinic, rank: str) -> None:
    every = clinic.slots(DAY, NEXT_DAY, rank=rank)

    assert clinic.slots(DAY, NEXT_DAY, rank=rank, limit=3) == every[:3]


@pytest.mark.parametrize(("clock", "first"), [("12:00", "12:00"), ("12:04", "12:00"), ("12:05", "12:05")])
def test_nothing_that_has_passed_is_offered(clinic: Clinic, clock: str, first: str) -> None:
    starts = clinic.at(f"{DAY}T{clock}:00Z").starts("2027-02-01", NEXT_DAY)

    assert starts[0] == f"{DAY}T{first}:00+00:00"


@pytest.mark.parametrize(
    ("on", "first", "number"),
    [("2027-03-28", "2027-03-28T00:00:00+00:00", 273), ("2027-10-31", "2027-10-31T00:00:00+01:00", 297)],
)
def test_a_day_of_a_clock_change_has_the_hours_it_has(desk: Desk, on: str, first: str, number: int) -> None:
    hours = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in ("sat", "sun")]
    clinic = create_clinic(desk, opening_hours=hours)
    all_day = working(clinic.location, "00:00", "24:00")
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": all_day})

    starts = clinic.starts(on, f"{on[:-2]}{int(on[-2:]) + 1:02}" if on != "2027-10-31" else "2027-11-01")

    assert (starts[0], len(starts)) == (first, number)
