"""J1 and J3: a course over a clock change, and a course with a missed visit."""

from tests.journeys.cast import consulted, create_default_clinic, find, performed, told
from tests.support.cast import Clinic, codes, refusal
from tests.support.copying import MakeClinic

SESSION_1 = "2027-03-06T10:00:00+00:00"


def test_a_treatment_on_the_day_of_the_first_consultation_is_still_cooling_off(london: Clinic) -> None:
    consulted(london, "2027-02-20T11:00:00Z")

    answer = london.at("2027-02-20T12:00:00Z").book("2027-02-20T15:00:00Z")

    found = refusal(answer, "cooling_off")
    assert (answer.get_json()["code"], codes(answer)) == ("refused", ["cooling_off"])
    assert (found["rule_id"], found["earliest_on"], found["overridable_by"]) == (
        "H12",
        "2027-02-21",
        "clinician",
    )
    assert answer.get_json()["alternatives"][0]["starts_at"] == "2027-02-22T09:00:00+00:00"


def test_a_consultation_that_is_only_booked_cools_off_in_the_same_way(london: Clinic) -> None:
    consultation = london.desk.get("/procedures", code="CONSULT_NEW").get_json()["items"][0]
    london.booked("2027-02-20T11:00:00Z", procedure_id=consultation["id"])

    same_day = london.book("2027-02-20T15:00:00Z")
    before = london.book("2027-02-19T15:00:00Z")
    after = london.book(SESSION_1)

    assert told(same_day.get_json()["refusals"]) == [("cooling_off", "H12", "2027-02-21")]
    assert told(before.get_json()["refusals"]) == [("prerequisite_missing", "H11", "2027-02-21")]
    assert after.status_code == 201


def test_the_course_of_four_sessions_over_the_spring_clock_change(known: Clinic) -> None:
    first = performed(known, SESSION_1)
    london = known.at("2027-03-08T09:00:00Z")

    too_soon = london.book("2027-04-02T16:00:00+01:00")
    second = london.booked("2027-04-03T10:00:00+01:00")
    third = london.booked("2027-05-08T10:00:00+01:00")
    fourth = london.booked("2027-06-12T10:00:00+01:00")

    assert first["status"] == "completed"
    assert told(too_soon.get_json()["refusals"]) == [("spacing_min", "S02", "2027-04-03")]
    assert refusal(too_soon, "spacing_min")["overridable_by"] == "clinician"
    assert second["starts_at"] == "2027-04-03T10:00:00+01:00"
    assert told(second["warnings"]) == [("below_recommended_spacing", "S02", "2027-04-10")]
    assert (third["warnings"], fourth["warnings"]) == ([], [])


def test_every_slot_offered_keeps_the_day_that_booking_keeps(known: Clinic) -> None:
    performed(known, SESSION_1)

    slots = known.starts("2027-03-29", "2027-04-05", patient_id=known.patient["id"])

    assert slots[0] == "2027-04-03T09:00:00+01:00"


def test_a_missed_visit_in_lisbon_counts_for_no_gap(make_clinic: MakeClinic) -> None:
    lisbon = create_default_clinic(make_clinic, "Europe/Lisbon")
    consulted(lisbon, "2027-01-12T11:00:00Z")
    performed(lisbon, "2027-01-14T17:00:00Z")
    missed = lisbon.booked("2027-02-11T17:00:00Z")
    too_early = lisbon.at("2027-02-11T17:15:00Z").act("no-show", missed)

    lisbon = lisbon.at("2027-02-11T17:16:00Z")
    gone = lisbon.acted("no-show", missed)
    again = lisbon.booked("2027-02-16T17:00:00Z")
    third = lisbon.booked("2027-03-18T17:00:00Z")

    assert (too_early.status_code, too_early.get_json()["code"]) == (409, "too_early")
    assert (gone["status"], gone["affected"]) == ("no_show", [])
    assert told(again["warnings"]) == [("below_recommended_spacing", "S02", "2027-02-18")]
    assert told(third["warnings"]) == [("below_recommended_spacing", "S02", "2027-03-23")]


def test_a_missed_visit_frees_its_time_occupies_no_bay_and_leaves_the_course_where_it_was(
    make_clinic: MakeClinic,
) -> None:
    lisbon = create_default_clinic(make_clinic, "Europe/Lisbon")
    consulted(lisbon, "2027-01-12T11:00:00Z")
    four = find(lisbon.desk, "ACNE_SCAR_MOD", "course-templates")
    course = lisbon.desk.made("/courses", patient_id=lisbon.patient["id"], template_id=four["id"])
    performed(lisbon, "2027-01-14T17:00:00Z", course_id=course["id"])
    missed = lisbon.booked("2027-02-11T17:00:00Z", course_id=course["id"])

    lisbon = lisbon.at("2027-02-11T17:16:00Z")
    gone = lisbon.acted("no-show", missed)
    board = lisbon.desk.get(
        "/schedule", location_id=lisbon.location["id"], from_="2027-02-11", until="2027-02-12"
    )
    lisbon.booked("2027-02-16T17:00:00Z", course_id=course["id"])

    found = lisbon.desk.get(f"/courses/{course['id']}").get_json()
    assert {phase["actual_starts_at"] for phase in gone["phases"]} == {None}
    assert {len(row["items"]) for row in board.get_json()["resources"]} == {0}
    assert (found["sessions"], found["progress"]) == (4, {"performed": 1, "booked": 1})
