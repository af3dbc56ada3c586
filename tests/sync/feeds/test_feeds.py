"""The events of calendar feeds: their times, names, statuses and sequences."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.cast import (
    NOW,
    Clinic,
    create_clinic,
    create_patient,
    create_pipeline,
    create_therapist,
    every_day,
    instant,
    working,
)  # fmt: skip
from tests.support.copying import Copied, MakeClinic
from tests.sync.cast import ELEVEN, NOON, TEN, Branches
from tests.sync.feeds.feeding import parsed, shown, subscribe

Made = dict[str, Any]


def _pipeline(make_clinic: MakeClinic) -> Clinic:
    return create_pipeline(make_clinic().at(NOW))


@pytest.fixture
def pipeline(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic whose visits are numbed in a bay and treated in a room."""
    return copied(_pipeline)


def _utc(at: datetime) -> str:
    return f"{at - (at.utcoffset() or timedelta()):%Y%m%dT%H%M%S}Z"


def span(phases: list[Made]) -> tuple[str, str]:
    """Give the start of the first and the end of the last of these phases."""
    return _utc(instant(phases[0]["starts_at"])), _utc(instant(phases[-1]["ends_at"]))


CANCELLED = ("CANCELLED", "TRANSPARENT")


def times(event: Any) -> tuple[str, str]:
    """Give an event's start and end."""
    return shown(event)["DTSTART"], shown(event)["DTEND"]


def test_a_resource_is_busy_from_the_first_to_the_last_phase_that_needs_it(pipeline: Clinic) -> None:
    visit = pipeline.booked(TEN)
    phases = visit["phases"]
    needed = {
        name: [one for one in phases if one[f"{name}_id"] == phases[place][f"{name}_id"]]
        for name, place in (("therapist", 2), ("room", -1))
    }

    for name, own in needed.items():
        feed = subscribe(pipeline.desk, resource={"id": own[0][f"{name}_id"]})
        assert times(feed.event(visit)) == span(own)
    whole = (_utc(instant(visit["starts_at"])), _utc(instant(visit["ends_at"])))
    assert times(subscribe(pipeline.desk, location=pipeline.location).event(visit)) == whole
    assert times(subscribe(pipeline.desk, patient=pipeline.patient).event(visit)) == whole
    # The therapist is not needed while the cream works; the room is cleaned after the patient has left.
    assert span(needed["therapist"])[0] > whole[0]
    assert span(needed["room"])[1] > whole[1]


@pytest.mark.parametrize("of", ["resource", "location", "patient"])
@pytest.mark.parametrize("detail", ["busy", "reference", "initials"])
def test_an_event_is_named_by_the_detail_and_tells_nothing_else(
    branches: Branches, of: str, detail: str
) -> None:
    patient = create_patient(
        branches.desk, name="Wilhelmina Xylander", email="w@x.example", phone="+442071838750"
    )
    visit = branches.booked(TEN, patient_id=patient["id"], notes="Fears needles")
    thing = {"resource": branches.therapists[0], "location": branches.locations[0], "patient": patient}[of]
    answer = subscribe(branches.desk, detail, **{of: thing}).ask()
    (event,) = parsed(answer).events
    names = {"busy": "Busy", "reference": f"Appointment {visit['id'][-8:]}", "initials": "W.X."}

    assert shown(event) == {
        "UID": visit["id"],
        "DTSTAMP": shown(event)["DTSTAMP"],
        "SEQUENCE": "1",
        "DTSTART": "20270301T100000Z",
        "DTEND": "20270301T102000Z",
        "SUMMARY": names[detail],
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
        **({"LOCATION": "London"} if of == "patient" else {}),
        **({"CLASS": "PRIVATE"} if detail == "initials" else {}),
    }
    assert str(parsed(answer)["NAME"]) == {"resource": "Ada", "location": "London"}.get(
        of, "Your appointments"
    )
    for private in ("Wilhelmina", "Xylander", "x.example", "2071838750", "needles", "Needling", "MN_SHORT"):
        assert private not in answer.text


def test_the_stamp_is_the_instant_of_the_last_change(branches: Branches) -> None:
    visit = branches.booked(TEN)

    event = subscribe(branches.desk, location=branches.locations[0]).event(visit)

    assert shown(event)["DTSTAMP"] == _utc(instant(visit["updated_at"]))


def test_a_move_keeps_the_identity_and_raises_the_sequence(branches: Branches) -> None:
    feed = subscribe(branches.desk, resource=branches.therapists[0])
    visit = branches.booked(TEN)
    before = shown(feed.event(visit))

    visit = branches.here.acted("reschedule", visit, starts_at=NOON)
    after = shown(feed.event(visit))

    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert (before["DTSTART"], after["DTSTART"]) == ("20270301T100000Z", "20270301T120000Z")


def test_every_change_of_time_room_or_status_raises_the_sequence(branches: Branches) -> None:
    feed = subscribe(branches.desk, location=branches.locations[0])
    visit = branches.booked(TEN)
    seen = [shown(feed.event(visit))["SEQUENCE"]]
    for action, fields in (
        ("reschedule", {"starts_at": NOON}),
        ("reassign", {"room_id": branches.rooms[1]["id"]}),
        ("reassign", {"therapist_id": branches.therapists[1]["id"]}),
        ("confirm", {}),
        ("cancel", {"reason_code": "patient"}),
    ):
        visit = branches.here.acted(action, visit, **fields)
        seen.append(shown(feed.event(visit))["SEQUENCE"])

    assert list(map(int, seen)) == sorted({int(one) for one in seen})


def test_who_hands_a_visit_over_does_not_show_it_any_more(branches: Branches) -> None:
    visit = branches.booked(TEN)
    ada, ben, room, other = (
        subscribe(branches.desk, resource=one) for one in (*branches.therapists, *branches.rooms)
    )
    assert [bool(one.event(visit)) for one in (ada, ben, room, other)] == [True, False, True, False]

    visit = branches.here.acted("reassign", visit, therapist_id=branches.therapists[1]["id"])
    branches.here.acted("reassign", visit, room_id=branches.rooms[1]["id"])

    assert [bool(one.event(visit)) for one in (ada, ben, room, other)] == [False, True, False, True]


def test_what_moves_to_another_location_leaves_the_first(branches: Branches) -> None:
    visit = branches.booked(TEN)
    here, there = (subscribe(branches.desk, location=one) for one in branches.locations)
    patient = subscribe(branches.desk, patient=branches.patient)
    assert [bool(one.event(visit)) for one in (here, there, patient)] == [True, False, True]

    branches.moved(visit, NOON)

    assert [bool(one.event(visit)) for one in (here, there, patient)] == [False, True, True]
    assert shown(patient.events[visit["id"]])["LOCATION"] == "Leeds"


def test_a_hold_is_in_no_feed_until_it_has_become_an_appointment(branches: Branches) -> None:
    feed = subscribe(branches.desk, resource=branches.therapists[0])
    held, released = (branches.here.held(at, therapist_id=branches.therapists[0]["id"]) for at in (TEN, NOON))
    branches.desk.delete(f"/holds/{released['id']}")
    feed.poll()
    assert feed.events == {}

    branches.here.convert(held)
    feed.poll()

    assert feed.events.keys() == {held["id"]}


@pytest.mark.parametrize(
    ("day", "shown_as"), [("2027-02-02", CANCELLED), ("2027-02-03", CANCELLED), ("2027-02-04", None)]
)
def test_what_is_cancelled_is_shown_as_such_for_thirty_days(
    branches: Branches, day: str, shown_as: tuple[str, str] | None
) -> None:
    visit = branches.booked(TEN)
    feed = subscribe(branches.desk, resource=branches.therapists[0])
    branches.here.acted("cancel", visit, reason_code="patient")  # On 4 January.

    event = feed.at(f"{day}T23:59:00Z").event(visit)

    assert (event and (event["STATUS"], event["TRANSP"])) == shown_as


def test_a_no_show_is_shown_as_cancelled(branches: Branches) -> None:
    visit = branches.booked(TEN)
    feed = subscribe(branches.desk, resource=branches.therapists[0])

    branches.here.at(NOON).acted("no-show", visit)

    assert feed.at(NOON).event(visit)["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("of", ["resource", "location", "patient"])
@pytest.mark.parametrize(
    ("now", "there"),
    [
        ("2026-02-28T23:59:59Z", False),
        ("2026-03-01T00:00:00Z", True),
        ("2026-03-02T00:00:00Z", True),
        ("2027-03-30T23:59:59Z", True),
        ("2027-03-31T23:59:59Z", True),
        ("2027-04-01T00:00:00Z", False),
    ],
)
def test_the_window_is_thirty_days_back_to_365_ahead(
    branches: Branches, of: str, now: str, there: bool
) -> None:
    visit = branches.booked(TEN)
    things = {"resource": branches.rooms[0], "location": branches.locations[0], "patient": branches.patient}

    assert bool(subscribe(branches.desk, **{of: things[of]}).at(now).event(visit)) == there


def test_the_hour_that_comes_twice_is_told_apart_in_utc(make_clinic: MakeClinic) -> None:
    clinic = create_clinic(make_clinic().at(NOW), opening_hours=every_day("00:00", "24:00"))
    night = working(clinic.location, "00:00", "24:00")
    owl = create_therapist(clinic.desk, clinic.location, working_hours=night)
    feed = subscribe(clinic.desk, resource=owl)
    nights = ("2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z")
    visits = [clinic.booked(at, therapist_id=owl["id"]) for at in nights]
    feed.poll()

    assert [visit["starts_at"][11:] for visit in visits] == [
        "00:30:00+00:00", "02:00:00+01:00", "01:30:00+01:00", "01:30:00+00:00",
    ]  # fmt: skip
    assert [shown(feed.events[visit["id"]])["DTSTART"] for visit in visits] == [
        "20270328T003000Z", "20270328T010000Z", "20271031T003000Z", "20271031T013000Z",
    ]  # fmt: skip


def test_who_assists_and_the_device_have_the_visit_too(branches: Branches) -> None:
    ada, ben = branches.therapists
    branches.desk.patch(f"/therapists/{ben['id']}", {"qualifications": [{"code": "AS"}]})
    device = branches.desk.made("/devices", location_id=branches.locations[0]["id"], name="RF 1", kind="rf")
    phase = {"name": "RF", "kind": "procedure", "minutes": 20, "therapist": True, "assistant": "AS"}
    needs = {"room_kinds": ["treatment"], "device_kinds": ["rf"]}
    fields = {"code": "RF", "name": "RF", "family": "RF", "areas": ["FACE"]}
    procedure = branches.desk.made("/procedures", **fields, phases=[phase | needs])

    visit = branches.booked(TEN, procedure_id=procedure["id"])

    for resource in (ada, ben, device):
        assert times(subscribe(branches.desk, resource=resource).event(visit)) == (
            "20270301T100000Z", "20270301T102000Z",
        )  # fmt: skip


def test_a_feed_shows_its_own_things_visits_in_order(branches: Branches) -> None:
    feed = subscribe(branches.desk, resource=branches.therapists[0])
    late, early = branches.booked(NOON), branches.booked(TEN)
    branches.here.booked(
        ELEVEN, therapist_id=branches.therapists[1]["id"], patient_id=create_patient(branches.desk)["id"]
    )

    assert [str(one["UID"]) for one in parsed(feed.ask()).events] == [early["id"], late["id"]]


def test_an_empty_calendar_is_one(branches: Branches) -> None:
    assert parsed(subscribe(branches.desk, location=branches.locations[0]).ask()).events == []
