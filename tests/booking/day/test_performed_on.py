"""What is counted in days counts from the date on which a visit was performed, not from the planned date."""

from functools import partial

import pytest

from models import Appointment, Event, SpacingClaim
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    codes,
    create_course,
    create_procedure,
    create_rule,
    create_template,
    instant,
    refusal,
    rows,
    run_out,
    shown_course,
)
from tests.support.courses import lapse_courses
from tests.support.messages import due
from tests.support.nights import open_all_night
from tests.support.overrides import overriding
from tests.support.records import record_treatment
from tests.support.times import DAY, NEXT_DAY, TEN, at
from tests.support.visits import begun, flag_codes, flags, shown_visit

MIDNIGHT_VISIT = at("23:50")
AFTER_MIDNIGHT = at("00:05", NEXT_DAY)


@pytest.fixture
def night(spaced: Clinic) -> Clinic:
    """Give a clinic with rule S02 that is open day and night."""
    return open_all_night(spaced)


def started_after_midnight(clinic: Clinic, **fields: object) -> Made:
    """Let a visit that is planned from ten to twelve begin five minutes after midnight."""
    arrived = clinic.at(MIDNIGHT_VISIT).acted("arrive", clinic.booked(MIDNIGHT_VISIT, **fields))
    return clinic.at(AFTER_MIDNIGHT).acted("start", arrived)


def performed_after_midnight(clinic: Clinic, **fields: object) -> Made:
    """Let such a visit end at a quarter past midnight."""
    started = started_after_midnight(clinic, **fields)
    return clinic.at(at("00:15", NEXT_DAY)).acted("complete", started)


def test_the_date_is_noted_when_the_treatment_begins(clinic: Clinic) -> None:
    booked = clinic.booked(TEN)
    arrived = clinic.at(TEN).acted("arrive", booked)
    started = clinic.at(TEN).acted("start", arrived)
    done = clinic.at(TEN).acted("complete", started)

    dates = [one["performed_on"] for one in (booked, arrived, started, done, shown_visit(clinic, done))]
    assert dates == [None, None, DAY, DAY, DAY]


def test_the_change_feed_tells_the_date(clinic: Clinic) -> None:
    begun(clinic, TEN)

    (item,) = clinic.desk.get("/changes").get_json()["items"]
    assert item["appointment"]["performed_on"] == DAY


@pytest.mark.parametrize(("clock", "on"), [("23:59:59", DAY), ("24:00:00", NEXT_DAY), ("24:00:01", NEXT_DAY)])
def test_a_visit_over_midnight_is_performed_when_it_begins(night: Clinic, clock: str, on: str) -> None:
    now = f"{DAY}T{clock}Z" if clock < "24" else f"{NEXT_DAY}T00{clock[2:]}Z"
    arrived = night.at(MIDNIGHT_VISIT).acted("arrive", night.booked(MIDNIGHT_VISIT))

    assert night.at(now).acted("start", arrived)["performed_on"] == on


@pytest.mark.parametrize(
    ("begins", "on"),
    [
        ("2027-03-27T23:55:00Z", "2027-03-27"),
        ("2027-03-28T00:05:00Z", "2027-03-28"),
        ("2027-10-30T22:55:00Z", "2027-10-30"),
        ("2027-10-30T23:05:00Z", "2027-10-31"),
    ],
)
def test_the_date_is_that_of_the_location_when_the_clocks_change(night: Clinic, begins: str, on: str) -> None:
    starts_at = begins[:10] + ("T23:50:00Z" if "03" in begins[5:7] else "T22:50:00Z")
    starts_at = starts_at.replace("2027-03-28", "2027-03-27")
    arrived = night.at(starts_at).acted("arrive", night.booked(starts_at))

    assert night.at(begins).acted("start", arrived)["performed_on"] == on


def test_a_start_that_is_noted_later_has_its_own_date(clinic: Clinic) -> None:
    visit, week_after = clinic.booked(TEN), clinic.at("2027-03-08T10:00:00Z")
    for action in ("arrive", "start", "complete"):
        visit = week_after.acted(action, visit, at=TEN)

    assert visit["performed_on"] == DAY


@pytest.mark.parametrize(
    ("day", "found"),
    [("2027-03-29", ["spacing_min"]), ("2027-03-30", []), ("2027-03-31", [])],
)
def test_the_next_session_waits_from_the_performed_one(night: Clinic, day: str, found: list[str]) -> None:
    performed_after_midnight(night)

    answer = night.at(at("09:00", NEXT_DAY)).book(f"{day}T12:00:00Z")

    assert (codes(answer) if answer.status_code == 409 else []) == found


@pytest.mark.parametrize(("day", "floor"), [("15", True), ("16", False), ("17", False)])
def test_the_floor_lies_after_the_performed_session(night: Clinic, day: str, floor: bool) -> None:
    performed_after_midnight(night)

    found = codes(night.at(at("09:00", NEXT_DAY)).book(f"2027-03-{day}T12:00:00Z"))

    assert ("spacing_floor" in found) is floor


def test_the_database_proves_the_floor_from_the_performed_date(night: Clinic, database: Database) -> None:
    performed_after_midnight(night)

    claims = rows(database, night.desk, SpacingClaim)
    assert {str(one.span.lower) for one in claims} == {NEXT_DAY}
    assert {str(one.span.upper) for one in claims} == {"2027-03-03", "2027-03-16"}


def test_a_session_on_the_planned_date_keeps_its_claims(spaced: Clinic, database: Database) -> None:
    visit = spaced.booked(TEN)
    before = {one.id for one in rows(database, spaced.desk, SpacingClaim)}
    spaced.at(TEN).acted("start", spaced.at(TEN).acted("arrive", visit))

    assert {one.id for one in rows(database, spaced.desk, SpacingClaim)} == before


def test_a_later_visit_that_is_now_too_near_is_flagged(night: Clinic) -> None:
    near, far = night.booked("2027-03-29T12:00:00Z"), night.booked("2027-04-27T12:00:00Z")

    started = started_after_midnight(night)

    assert started["affected"] == [near["id"]]
    assert (flags(night, near), flags(night, far)) == ([("spacing_min", "S02")], [])


def test_a_session_on_its_own_date_names_no_others(night: Clinic) -> None:
    night.booked("2027-03-29T12:00:00Z")

    assert "affected" not in begun(night, TEN)


def test_no_session_begins_under_the_floor_before_another(night: Clinic, database: Database) -> None:
    near = night.booked("2027-03-15T12:00:00Z")
    arrived = night.at(MIDNIGHT_VISIT).acted(
        "arrive", night.booked(MIDNIGHT_VISIT, **overriding("spacing_min"))
    )

    answer = night.at(AFTER_MIDNIGHT).act("start", arrived)

    assert "spacing_floor" in codes(answer)
    assert refusal(answer, "spacing_floor").get("overridable_by") is None
    assert shown_visit(night, arrived)["status"] == "arrived"
    assert shown_visit(night, near)["version"] == near["version"]
    assert {str(one.span.lower) for one in rows(database, night.desk, SpacingClaim)} == {DAY, "2027-03-15"}


def test_a_slot_that_is_held_for_the_patient_counts_for_the_floor(night: Clinic) -> None:
    (rule,) = night.desk.get("/spacing-rules").get_json()["items"]
    night.desk.patch(f"/spacing-rules/{rule['id']}", {"min_days": 14})
    arrived = night.at(MIDNIGHT_VISIT).acted("arrive", night.booked(MIDNIGHT_VISIT))
    night.at(MIDNIGHT_VISIT).held("2027-03-15T12:00:00Z", patient_id=night.patient["id"])

    answer = night.at(AFTER_MIDNIGHT).act("start", arrived)

    assert "spacing_floor" in codes(answer)


def test_a_slot_whose_hold_has_expired_does_not_count_for_the_floor(
    night: Clinic, database: Database
) -> None:
    (rule,) = night.desk.get("/spacing-rules").get_json()["items"]
    night.desk.patch(f"/spacing-rules/{rule['id']}", {"min_days": 14})
    arrived = night.at(MIDNIGHT_VISIT).acted("arrive", night.booked(MIDNIGHT_VISIT))
    hold = night.at(MIDNIGHT_VISIT).held("2027-03-15T12:00:00Z", patient_id=night.patient["id"])
    run_out(database, night.desk, hold)

    assert night.at(AFTER_MIDNIGHT).acted("start", arrived)["performed_on"] == NEXT_DAY
    assert {str(one.span.lower) for one in rows(database, night.desk, SpacingClaim)} == {NEXT_DAY}


@pytest.mark.parametrize(
    ("day", "found"),
    [("2027-03-08", ["washout_min"]), ("2027-03-09", []), ("2027-03-10", [])],
)
def test_wash_outs_count_from_the_performed_session(night: Clinic, day: str, found: list[str]) -> None:
    create_rule(
        night.desk,
        code="P01",
        after={"family": "MN"},
        before={"event": "superficial_peel"},
        floor_days=0,
        min_days=7,
        recommended_days=None,
    )
    peel = create_procedure(night.desk, code="PEEL", family="PEEL", counts_as="superficial_peel")
    performed_after_midnight(night)

    answer = night.at(at("09:00", NEXT_DAY)).book(f"{day}T12:00:00Z", procedure_id=peel["id"])

    assert (codes(answer) if answer.status_code == 409 else []) == found


def test_eligibility_counts_from_the_performed_session(night: Clinic) -> None:
    performed_after_midnight(night)
    asked = {"procedure_id": night.procedure["id"], "location_id": night.location["id"]}

    found = night.at(at("09:00", NEXT_DAY)).desk.get(f"/patients/{night.patient['id']}/eligibility", **asked)

    assert (found.get_json()["eligible_on"], found.get_json()["recommended_on"]) == (
        "2027-03-30",
        "2027-04-06",
    )


def test_an_override_for_a_later_visit_is_for_the_date_that_was_planned(night: Clinic) -> None:
    visit = night.booked(MIDNIGHT_VISIT)
    near = night.booked("2027-03-22T12:00:00Z", **overriding("spacing_min"))
    arrived = night.at(MIDNIGHT_VISIT).acted("arrive", visit)

    night.at(AFTER_MIDNIGHT).acted("start", arrived)

    assert flag_codes(night, near) == ["spacing_min"]


def test_a_course_lapses_as_late_as_its_last_session_was_performed(night: Clinic, database: Database) -> None:
    (rule,) = night.desk.get("/spacing-rules").get_json()["items"]
    night.desk.patch(f"/spacing-rules/{rule['id']}", {"overdue_days": 56})
    course = create_course(night, sessions=3)
    performed_after_midnight(night, course_id=course["id"])

    lapsed = [lapse_courses(database, night, f"2027-04-{day}") for day in (26, 27, 28)]

    assert lapsed == [0, 0, 1]
    (event,) = [one for one in rows(database, night.desk, Event) if one.type == "course.lapsed"]
    assert event.data["last_session_on"] == NEXT_DAY
    assert shown_course(night, course)["status"] == "lapsed"


def test_a_recall_counts_from_the_performed_session(night: Clinic) -> None:
    windows = {"maintenance_opens_months": 6, "maintenance_closes_months": 12, "review_days": 84}
    template = create_template(night, sessions=1, min_sessions=1, max_sessions=1, **windows)
    course = create_course(night, template_id=template["id"])
    performed_after_midnight(night, course_id=course["id"])

    found = night.at(at("09:00", NEXT_DAY)).desk.get("/recalls", due_by="2027-12-01").get_json()["items"]

    assert [(one["kind"], one["opens_on"], one["last_session_on"]) for one in found] == [
        ("review", "2027-05-25", NEXT_DAY),
        ("maintenance", "2027-09-02", NEXT_DAY),
    ]


def test_aftercare_counts_from_the_real_end_and_the_performed_date(night: Clinic) -> None:
    performed_after_midnight(night)

    found = due(night, at("00:15", NEXT_DAY), "2027-04-01T00:00:00Z")

    # By night nothing goes out: what is due at a quarter past midnight, or at 23:50, waits until nine.
    assert found == {
        "aftercare": at("09:00", NEXT_DAY),
        "aftercare_1d": "2027-03-04T09:00:00+00:00",
        "aftercare_3d": "2027-03-06T09:00:00+00:00",
        "aftercare_7d": "2027-03-10T09:00:00+00:00",
        "aftercare_14d": "2027-03-17T09:00:00+00:00",
        "next_session_28d": "2027-03-31T09:00:00+01:00",
    }


@pytest.mark.parametrize(("ended", "due_at"), [("10:12", "10:12"), ("10:20", "10:20"), ("11:40", "11:40")])
def test_the_aftercare_sheet_goes_out_when_the_patient_leaves(
    clinic: Clinic, ended: str, due_at: str
) -> None:
    clinic.at(at(ended)).acted("complete", begun(clinic, TEN))

    found = due(clinic, at(ended), at("23:00", NEXT_DAY))

    assert found == {"aftercare": at(due_at), "aftercare_1d": at("10:00", NEXT_DAY)}


@pytest.mark.parametrize(("clock", "found"), [("17:55", ["cooling_off"]), ("18:00", []), ("18:05", [])])
def test_a_patient_cools_off_from_the_real_end_of_the_consultation(
    clinic: Clinic, clock: str, found: list[str]
) -> None:
    talk = {"name": "Talk", "kind": "consultation", "minutes": 20, "therapist": True}
    phases = [talk | {"room_kinds": ["treatment"]}]
    consultation = create_procedure(clinic.desk, code="CONSULT", family="CONSULT", areas=[], phases=phases)
    path = f"/procedures/{clinic.procedure['id']}"
    clinic.desk.patch(path, {"prerequisites": [{"family": "CONSULT", "min_hours_before": 24}]})
    visit = clinic.booked(TEN, procedure_id=consultation["id"])
    for action, when in (("arrive", "17:40"), ("start", "17:40"), ("complete", "18:00")):
        visit = clinic.at(at(when)).acted(action, visit)

    answer = clinic.at(at("18:30")).book(at(clock, NEXT_DAY))

    assert visit["performed_on"] == DAY
    assert (codes(answer) if answer.status_code == 409 else []) == found


def test_who_was_treated_elsewhere_is_judged_by_that_date_still(night: Clinic) -> None:
    record_treatment(night, "micro_needling", "2027-01-03")

    assert codes(night.book("2027-01-10T12:00:00Z")) == ["spacing_floor", "spacing_min"]


def test_the_row_keeps_the_planned_date_for_the_lists(night: Clinic, database: Database) -> None:
    done = performed_after_midnight(night)

    (row,) = rows(database, night.desk, Appointment)
    listed = partial(night.desk.get, "/appointments")
    on_the_day = listed(from_=DAY, until=NEXT_DAY).get_json()["items"]
    assert (str(row.local_date), row.starts_at) == (DAY, instant(MIDNIGHT_VISIT))
    assert [one["id"] for one in on_the_day] == [done["id"]]
