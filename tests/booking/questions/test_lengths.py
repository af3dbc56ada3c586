"""A visit may be longer or shorter within the limits of its phases, wherever it is asked for."""

from typing import Any

import pytest

from models import Appointment
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    codes,
    counts,
    create_clinic,
    create_room,
    create_therapist,
    pointers,
    rows,
    short_phases,
    standard_phases,
    working,
)
from tests.support.copying import Copied, MakeClinic
from tests.support.times import DAY, ELEVEN, NEXT_DAY, TEN, at
from tests.support.visits import shown_visit
from tests.support.waitlist import answer, entry, freed, offer, shown_entry

LONGER = {"Needling": 30}
SEARCHES = ("/availability", "/availability/days", "/availability/next", "/availability/explain")


@pytest.fixture
def ranged(copied: Copied[Clinic]) -> Clinic:
    """Give a clinic whose needling takes 20 minutes, or from 10 to 40, and then 10 minutes of turnover."""
    return copied(_ranged)


def _ranged(make_clinic: MakeClinic) -> Clinic:
    return create_clinic(make_clinic(), procedure={"phases": ranged_phases()})


def ranged_phases(**needling: Any) -> list[Made]:
    """Give the phases of the clinic, and other fields of its needling."""
    first, *rest = short_phases(turnover=10)
    return [first | {"min_minutes": 10, "max_minutes": 40} | needling, *rest]


def lengths(visit: Made) -> list[str]:
    """Give when each phase of a visit begins, and when the last of them ends."""
    return [one["starts_at"][11:16] for one in visit["phases"]] + [visit["phases"][-1]["ends_at"][11:16]]


def _minutes(visit: Made) -> int:
    """Give how long the patient stays."""
    begin, end = (60 * int(visit[name][11:13]) + int(visit[name][14:16]) for name in ("starts_at", "ends_at"))
    return end - begin


def asked(clinic: Clinic, path: str, **query: str) -> Any:
    """Ask a search for this day, or to explain ten o'clock."""
    named = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    if path == "/availability/explain":
        named |= {"starts_at": TEN}
    elif path != "/availability/next":
        named |= {"from_": DAY, "until": NEXT_DAY}
    return clinic.desk.get(path, **named | query)


def test_a_visit_is_as_long_as_its_booking_says(ranged: Clinic) -> None:
    visit = ranged.booked(TEN, phase_minutes=LONGER)

    assert lengths(visit) == ["10:00", "10:30", "10:40"]
    assert visit["ends_at"] == at("10:30")
    assert codes(another_patient(ranged).book(at("10:35"))) == ["no_room_available"]
    assert another_patient(ranged).booked(at("10:40"))


@pytest.mark.parametrize("given", [{}, None])
def test_without_lengths_a_visit_is_as_long_as_the_procedure(ranged: Clinic, given: Any) -> None:
    visit = ranged.desk.post("/appointments", ranged.wish(TEN) | {"phase_minutes": given}).get_json()

    assert lengths(visit) == ["10:00", "10:20", "10:30"]


def test_search_and_booking_agree_on_the_last_arrival_of_the_day(ranged: Clinic) -> None:
    starts = ranged.starts(DAY, NEXT_DAY, phase_minutes="Needling:40")

    assert (starts[-1][11:16], ranged.starts(DAY, NEXT_DAY)[-1][11:16]) == ("18:10", "18:30")
    assert ranged.booked(starts[-1], phase_minutes={"Needling": 40})
    late = another_patient(ranged).book(at("18:15"), phase_minutes={"Needling": 40})
    assert "outside_opening_hours" in codes(late)


def test_every_search_goes_by_the_lengths(ranged: Clinic) -> None:
    ranged.booked(at("10:30"))

    answers = {
        given: [asked(ranged, path, phase_minutes=given).get_json() for path in SEARCHES]
        for given in ("Needling:20", "Needling:30,Turnover:10")
    }

    short, long = answers.values()
    assert at("10:00") in [slot["starts_at"] for slot in short[0]["slots"]]
    assert at("10:00") not in [slot["starts_at"] for slot in long[0]["slots"]]
    assert short[1]["days"][0]["slots"] > long[1]["days"][0]["slots"]
    ends = [found["ends_at"][11:16] for found in (short[2], long[2])]
    assert ends == ["09:20", "09:30"]
    assert [found["bookable"] for found in (short[3], long[3])] == [True, False]
    assert {_minutes(slot) for slot in long[3]["alternatives"]} == {30}


def test_answers_of_other_lengths_have_other_tags(ranged: Clinic) -> None:
    tags = [asked(ranged, SEARCHES[0], phase_minutes=f"Needling:{one}").headers["ETag"] for one in (20, 25)]
    ranked = [
        asked(ranged, SEARCHES[0], phase_minutes=f"Needling:{one}", rank="compact").get_json()["slots"]
        for one in (20, 40, 20)
    ]

    assert tags[0] == asked(ranged, SEARCHES[0]).headers["ETag"] != tags[1]
    assert ranked[0] == ranked[2] != ranked[1]
    assert _minutes(ranked[1][0]) == 40


def test_names_may_hold_commas_and_colons(ranged: Clinic) -> None:
    phases = ranged_phases(name="Needling: cheeks, chin")
    ranged.desk.patch(f"/procedures/{ranged.procedure['id']}", {"phases": phases})

    starts = ranged.starts(DAY, NEXT_DAY, phase_minutes="Needling: cheeks, chin:40,Turnover:10")

    assert starts[-1][11:16] == "18:10"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"Needling": 5}, "/phase_minutes/Needling"),
        ({"Needling": 45}, "/phase_minutes/Needling"),
        ({"Needling": 12}, "/phase_minutes/Needling"),
        ({"Needling": 0}, "/phase_minutes/Needling"),
        ({"Needling": -10}, "/phase_minutes/Needling"),
        ({"Needling": "20"}, "/phase_minutes/Needling"),
        ({"Needling": True}, "/phase_minutes/Needling"),
        ({"Needling": None}, "/phase_minutes/Needling"),
        ({"Needling": 30, "Turnover": 15}, "/phase_minutes/Turnover"),
        ({"needling": 20}, "/phase_minutes/needling"),
        ({"a/b~c": 20}, "/phase_minutes/a~1b~0c"),
        ({str(number): 20 for number in range(31)}, "/phase_minutes"),
        ([["Needling", 20]], "/phase_minutes"),
        ("Needling:20", "/phase_minutes"),
    ],
)
def test_wrong_lengths_are_named_and_nothing_is_written(
    ranged: Clinic, database: Database, given: Any, pointer: str
) -> None:
    before = counts(database, ranged.desk)
    wish = ranged.wish(TEN) | {"phase_minutes": given}
    together = {name: one for name, one in wish.items() if name != "patient_id"}

    answers = [ranged.desk.post(path, wish) for path in ("/appointments", "/appointments/validate", "/holds")]
    usual = {name: one for name, one in together.items() if name != "phase_minutes"}
    body = {"patient_id": ranged.patient["id"], "visits": [usual, together]}
    of_two = ranged.desk.post("/appointments/together", body)

    assert [pointers(answer) for answer in answers] == [[pointer]] * 3
    assert pointers(of_two) == [f"/visits/1{pointer}"]
    assert counts(database, ranged.desk) == before


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ("Needling:45", "?phase_minutes/Needling"),
        ("Needling:12", "?phase_minutes/Needling"),
        ("Nothing:20", "?phase_minutes/Nothing"),
        ("Needling", "?phase_minutes"),
        ("Needling:", "?phase_minutes"),
        ("Needling:20,", "?phase_minutes"),
        ("Needling:20,Needling:30", "?phase_minutes"),
        (":20", "?phase_minutes"),
        ("", "?phase_minutes"),
    ],
)
def test_wrong_lengths_in_a_query_are_named(ranged: Clinic, path: str, given: str, pointer: str) -> None:
    assert pointers(asked(ranged, path, phase_minutes=given)) == [pointer]


def test_a_visit_never_takes_more_than_twelve_hours(ranged: Clinic) -> None:
    wide = [one | {"max_minutes": 600} for one in ranged_phases()]
    ranged.desk.patch(f"/procedures/{ranged.procedure['id']}", {"phases": wide})

    most, more = (ranged.book(TEN, phase_minutes={"Needling": 600, "Turnover": m}) for m in (120, 125))

    assert codes(most)
    assert pointers(more) == ["/phase_minutes"]


def test_a_hold_is_booked_at_its_length(ranged: Clinic) -> None:
    hold = ranged.held(TEN, phase_minutes=LONGER)
    refused = ranged.convert(hold, phase_minutes=LONGER)

    visit = ranged.convert(hold).get_json()

    assert hold["ends_at"] == visit["ends_at"] == at("10:30")
    assert lengths(visit) == ["10:00", "10:30", "10:40"]
    assert pointers(refused) == ["/phase_minutes"]
    assert lengths(ranged.acted("reschedule", visit, starts_at=ELEVEN)) == ["11:00", "11:30", "11:40"]


def test_a_hold_is_judged_at_its_length(ranged: Clinic) -> None:
    hold = ranged.held(at("18:20"), phase_minutes=LONGER)
    hours = [{"weekday": "mon", "opens": "09:00", "closes": "18:55"}]
    ranged.desk.patch(f"/locations/{ranged.location['id']}", {"opening_hours": hours})

    answer = ranged.convert(hold)

    assert codes(answer) == ["outside_opening_hours"]
    assert {_minutes(one) for one in answer.get_json()["alternatives"]} == {30}


def test_a_move_keeps_the_length_and_is_judged_by_it(ranged: Clinic) -> None:
    visit = ranged.booked(TEN, phase_minutes=LONGER)
    another_patient(ranged).booked(at("12:30"))
    wish = ranged.wish(at("12:00")) | {"ignore_appointment_id": visit["id"]}

    judged, shorter = (
        ranged.desk.post("/appointments/validate", wish | more).get_json()["bookable"]
        for more in ({}, {"phase_minutes": {"Needling": 20}})
    )
    found = ranged.starts(DAY, NEXT_DAY, ignore_appointment_id=visit["id"])
    other = ranged.starts(DAY, NEXT_DAY, ignore_appointment_id=visit["id"], phase_minutes="Needling:20")
    explained = asked(ranged, SEARCHES[3], ignore_appointment_id=visit["id"], starts_at=at("12:00"))
    refused = ranged.act("reschedule", visit, starts_at=at("12:00"))

    assert (judged, shorter, explained.get_json()["bookable"]) == (False, True, False)
    assert (at("12:00") in found, at("12:00") in other) == (False, True)
    assert codes(refused) == ["no_room_available"]
    assert {one["starts_at"] for one in refused.get_json()["alternatives"]} <= {
        slot["starts_at"] for slot in ranged.slots(DAY, "2027-03-05", ignore_appointment_id=visit["id"])
    }
    assert lengths(ranged.acted("reschedule", visit, starts_at=at("11:50"))) == ["11:50", "12:20", "12:30"]


def test_another_procedure_does_not_get_the_lengths_of_the_visit_that_is_ignored(ranged: Clinic) -> None:
    visit = ranged.booked(TEN, phase_minutes={"Needling": 40})
    fields = {"code": "OTHER", "name": "Other", "family": "OTHER", "phases": ranged_phases()}
    other = ranged.desk.made("/procedures", **fields)

    (last,) = ranged.starts(DAY, NEXT_DAY, procedure_id=other["id"], ignore_appointment_id=visit["id"])[-1:]

    assert last[11:16] == "18:30"


def test_a_new_length_of_the_procedure_does_not_change_what_was_chosen(ranged: Clinic) -> None:
    chosen = ranged.booked(TEN, phase_minutes=LONGER)
    usual = another_patient(ranged).booked(ELEVEN)
    phases = ranged_phases(minutes=25)
    changed = ranged.desk.patch(f"/procedures/{ranged.procedure['id']}", {"phases": phases})

    moved = [
        ranged.acted("reschedule", shown_visit(ranged, one), starts_at=at(clock))
        for one, clock in ((chosen, "14:00"), (usual, "15:00"))
    ]

    assert changed.get_json()["affected"] == []
    assert [lengths(one) for one in moved] == [["14:00", "14:30", "14:40"], ["15:00", "15:25", "15:35"]]


def test_a_length_that_the_procedure_allows_no_more_is_given_up_by_a_move(ranged: Clinic) -> None:
    visit = ranged.booked(TEN, phase_minutes={"Needling": 40})
    phases = ranged_phases(max_minutes=30)
    ranged.desk.patch(f"/procedures/{ranged.procedure['id']}", {"phases": phases})

    moved = ranged.acted("reschedule", shown_visit(ranged, visit), starts_at=ELEVEN)

    assert lengths(moved) == ["11:00", "11:20", "11:30"]


def test_a_visit_is_flagged_by_its_own_length(ranged: Clinic) -> None:
    usual = ranged.booked(at("18:10"))
    ranged.acted("cancel", usual, reason_code="clinic")
    longer = ranged.booked(at("18:10"), phase_minutes={"Needling": 40})
    hours = [{"weekday": "mon", "opens": "09:00", "closes": "18:55"}]

    changed = ranged.desk.patch(f"/locations/{ranged.location['id']}", {"opening_hours": hours}).get_json()

    assert changed["affected"] == [longer["id"]]


def test_who_is_reassigned_or_swapped_keeps_the_length(ranged: Clinic) -> None:
    create_room(ranged.desk, ranged.location, name="Second")
    other = create_therapist(ranged.desk, ranged.location, name="Second")
    first = ranged.booked(TEN, phase_minutes=LONGER, therapist_id=ranged.therapist["id"])
    given = ranged.acted("reassign", first, therapist_id=other["id"])
    second = another_patient(ranged).booked(TEN, therapist_id=ranged.therapist["id"])

    ids = {"appointment_ids": [given["id"], second["id"]], "versions": [given["version"], second["version"]]}
    swapped = ranged.desk.post("/appointments/swap", ids | {"what": "therapist"}).get_json()["appointments"]

    assert lengths(given) == lengths(swapped[0]) == ["10:00", "10:30", "10:40"]
    assert lengths(swapped[1]) == ["10:00", "10:20", "10:30"]


def test_a_disruption_moves_a_visit_at_its_length(ranged: Clinic) -> None:
    other = create_therapist(ranged.desk, ranged.location, name="Second")
    hours = working(ranged.location, "14:00", "14:40")
    ranged.desk.patch(f"/therapists/{other['id']}", {"working_hours": hours})
    visit = ranged.booked(TEN, phase_minutes={"Needling": 40}, therapist_id=ranged.therapist["id"])
    day = {"starts_at": at("09:00"), "ends_at": at("19:00"), "resource_id": ranged.therapist["id"]}

    (item,) = ranged.desk.post("/disruptions/preview", day).get_json()["items"]

    assert item["appointment_id"] == visit["id"]
    assert item["proposal"]["starts_at"] == at("14:00")


def test_a_visit_is_brought_forward_at_its_length(ranged: Clinic, database: Database) -> None:
    visit = ranged.booked("2027-03-20T10:00:00Z", phase_minutes=LONGER)
    waiting = entry(ranged, appointment_id=visit["id"])
    offer(ranged, database, freed(ranged))
    offered = shown_entry(ranged, waiting)["offer"]

    moved = answer(ranged, waiting, "accept").get_json()

    assert (_minutes(offered), moved["id"]) == (30, visit["id"])
    assert lengths(moved) == ["10:00", "10:30", "10:40"]


def test_visits_together_have_their_own_lengths(ranged: Clinic) -> None:
    named = {"procedure_id": ranged.procedure["id"], "location_id": ranged.location["id"]}
    visits = [
        named | {"starts_at": TEN, "phase_minutes": LONGER},
        named | {"starts_at": at("10:40"), "phase_minutes": {"Needling": 10}},
    ]

    answer = ranged.desk.post(
        "/appointments/together", {"patient_id": ranged.patient["id"], "visits": visits}
    ).get_json()

    assert [lengths(one) for one in answer["appointments"]] == [
        ["10:00", "10:30", "10:40"],
        ["10:40", "10:50", "11:00"],
    ]


def test_the_sessions_of_a_course_have_the_chosen_length_and_keep_it_when_they_move_on(
    ranged: Clinic,
) -> None:
    course = ranged.desk.made(
        "/courses", patient_id=ranged.patient["id"], procedure_id=ranged.procedure["id"], sessions=2
    )
    path, where = f"/courses/{course['id']}", {"location_id": ranged.location["id"], "phase_minutes": LONGER}
    plan = ranged.desk.post(f"{path}/plan", where | {"from": DAY}).get_json()["sessions"]
    starts = [one["starts_at"] for one in plan]

    booked = ranged.desk.post(f"{path}/book", where | {"starts_at": starts}).get_json()["appointments"]
    first = ranged.acted("reschedule", booked[0], starts_at=f"{NEXT_DAY}T12:00:00Z")
    shift = {"appointment_id": first["id"], "apply": True}
    ranged.desk.post(f"{path}/shift", shift)

    assert [_minutes(one) for one in plan] == [30, 30]
    assert [_minutes(shown_visit(ranged, one)) for one in booked] == [30, 30]


def test_the_night_of_a_change_of_the_clocks_is_as_long_as_any_other(ranged: Clinic) -> None:
    always = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in ("sat", "sun")]
    place = ranged.location
    ranged.desk.patch(f"/locations/{place['id']}", {"opening_hours": always})
    hours = [{"location_id": place["id"], "weekday": "sun", "starts": "00:00", "ends": "24:00"}]
    ranged.desk.patch(f"/therapists/{ranged.therapist['id']}", {"working_hours": hours})

    visit = ranged.booked("2027-03-28T00:45:00+00:00", phase_minutes={"Needling": 40})

    assert (visit["starts_at"], visit["ends_at"]) == (
        "2027-03-28T00:45:00+00:00",
        "2027-03-28T02:25:00+01:00",
    )


def test_numbing_is_chosen_within_its_limits_and_starts_by_them(copied: Copied[Clinic]) -> None:
    pipeline = copied(_pipeline)
    visit = pipeline.booked(TEN, phase_minutes={"Numbing": 45})
    wrong = another_patient(pipeline).book(TEN, phase_minutes={"Numbing": 65})

    assert visit["procedure_at"] == at("11:00")
    assert pointers(wrong) == ["/phase_minutes/Numbing"]
    late = pipeline.at(at("10:10")).acted("arrive", visit)
    assert late["procedure_at"] == at("11:00")


def _pipeline(make_clinic: MakeClinic) -> Clinic:
    rooms = [{"kind": "treatment"}, {"kind": "numbing"}]
    return create_clinic(make_clinic(), rooms=rooms, procedure={"phases": standard_phases()})


def test_the_chosen_lengths_are_kept_with_the_visit(ranged: Clinic, database: Database) -> None:
    ranged.booked(TEN, phase_minutes=LONGER)
    another_patient(ranged).booked(ELEVEN)

    kept = [one.phase_minutes for one in rows(database, ranged.desk, Appointment)]

    assert kept == [LONGER, {}]
