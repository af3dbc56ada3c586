"""The day's actions take an appointment from each status to the next."""

import pytest
from werkzeug.test import TestResponse

from models import Occupancy, SpacingClaim
from models.database import Database
from tests.support.cast import (
    NOW,
    UNKNOWN_ID,
    Clinic,
    Made,
    create_rule,
    create_therapist,
    refusal_codes,
    rows,
)
from tests.support.times import TEN, minutes_after
from tests.support.visits import shown_visit

STATUSES = (
    "booked", "confirmed", "arrived", "numbing", "in_progress", "completed", "cancelled", "no_show",
)  # fmt: skip
# How to come to each status: an action and the minutes after 10:00 at which it is taken.
WAYS: dict[str, tuple[tuple[str, int], ...]] = {
    "booked": (),
    "confirmed": (("confirm", -60),),
    "arrived": (("arrive", 0),),
    "numbing": (("arrive", 0), ("start-numbing", 10)),
    "in_progress": (("arrive", 0), ("start-numbing", 10), ("start", 45)),
    "completed": (("arrive", 0), ("start-numbing", 10), ("start", 45), ("complete", 65)),
    "cancelled": (("cancel", -60),),
    "no_show": (("no-show", 16),),
}
TABLE: dict[str, tuple[set[str], str]] = {
    "confirm": ({"booked"}, "confirmed"),
    "arrive": ({"booked", "confirmed", "no_show"}, "arrived"),
    "start-numbing": ({"arrived"}, "numbing"),
    "start": ({"arrived", "numbing"}, "in_progress"),
    "complete": ({"in_progress"}, "completed"),
    "cancel": ({"booked", "confirmed", "arrived", "numbing"}, "cancelled"),
    "no-show": ({"booked", "confirmed"}, "no_show"),
    "reschedule": ({"booked", "confirmed"}, "same"),
    "reassign": ({"booked", "confirmed", "arrived", "numbing"}, "same"),
}
BODIES: dict[str, Made] = {
    "cancel": {"reason_code": "patient"},
    "start": {"numbed_elsewhere": True},
    "reschedule": {"starts_at": "2027-03-02T10:00:00+00:00"},
    "reassign": {"therapist_id": UNKNOWN_ID},
}


def minutes_past_ten(clinic: Clinic, minutes: int) -> Clinic:
    """Give the clinic a number of minutes after 10:00."""
    return clinic.at(minutes_after("10:00", minutes))


def brought_to(clinic: Clinic, status: str) -> Made:
    """Book a visit and take it to a status."""
    appointment = clinic.booked(TEN)
    for action, minutes in WAYS[status]:
        body = {"reason_code": "patient"} if action == "cancel" else {}
        appointment = minutes_past_ten(clinic, minutes).acted(action, appointment, **body)
    return appointment


def acting_at_ten_past_eleven(clinic: Clinic, action: str, appointment: Made) -> TestResponse:
    """Take an action on an appointment 70 minutes after its beginning."""
    body = BODIES.get(action)
    if action == "reassign":
        body = {"therapist_id": create_therapist(clinic.desk, clinic.location)["id"]}
    return minutes_past_ten(clinic, 70).act(action, appointment, body)


@pytest.mark.parametrize(
    ("action", "status", "reached"),
    [
        (action, status, status if reached == "same" else reached)
        for action, (allowed, reached) in TABLE.items()
        for status in STATUSES
        if status in allowed
    ],
)
def test_each_action_follows_the_statuses_of_the_table(
    pipeline: Clinic, action: str, status: str, reached: str
) -> None:
    appointment = brought_to(pipeline, status)

    answer = acting_at_ten_past_eleven(pipeline, action, appointment)

    assert (answer.status_code, answer.get_json()["status"]) == (200, reached)
    assert answer.headers["ETag"] == f'"{appointment["version"] + 1}"'


@pytest.mark.parametrize(
    ("action", "status"),
    [(action, status) for action in TABLE for status in STATUSES if status not in TABLE[action][0]],
)
def test_an_action_follows_no_other_status(pipeline: Clinic, action: str, status: str) -> None:
    appointment = brought_to(pipeline, status)

    answer = acting_at_ten_past_eleven(pipeline, action, appointment)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")
    assert set(answer.get_json()["allowed"]) - {"held"} == TABLE[action][0]


@pytest.mark.parametrize("action", TABLE)
def test_an_action_needs_the_version(pipeline: Clinic, action: str) -> None:
    appointment = pipeline.booked(TEN)
    body = BODIES.get(action, {})
    body |= {"therapist_id": pipeline.therapist["id"]} if action == "reassign" else {}
    path = f"/appointments/{appointment['id']}/{action}"

    without = pipeline.desk.post(path, body)
    stale = pipeline.desk.post(path, body, **{"If-Match": '"7"'})
    both = pipeline.desk.post(path, body | {"version": 1}, **{"If-Match": '"2"'})

    assert (without.status_code, without.get_json()["code"]) == (428, "version_required")
    assert (stale.status_code, stale.get_json()["code"]) == (412, "stale")
    assert both.status_code == 412


@pytest.mark.parametrize("action", TABLE)
def test_an_action_on_an_unknown_appointment_or_another_clinics_is_404(
    standing: Clinic, neighbour: Clinic, action: str
) -> None:
    theirs = neighbour.at(NOW).booked(TEN)
    body = BODIES.get(action, {}) | {"version": 1}

    unknown = standing.desk.post(f"/appointments/{UNKNOWN_ID}/{action}", body)
    foreign = standing.desk.post(f"/appointments/{theirs['id']}/{action}", body)
    neighbour.acted("cancel", theirs, reason_code="other")

    told = [(one.status_code, one.get_json()["detail"]) for one in (unknown, foreign)]
    assert told == [(404, "No such appointment.")] * 2


@pytest.mark.parametrize("header", ['"1"', "*"])
def test_if_match_serves_in_place_of_the_version(pipeline: Clinic, header: str) -> None:
    appointment = pipeline.booked(TEN)

    answer = pipeline.desk.post(f"/appointments/{appointment['id']}/confirm", **{"If-Match": header})

    assert answer.status_code == 200


def test_a_visit_is_taken_through_the_day_with_its_actual_times(pipeline: Clinic) -> None:
    visit = brought_to(pipeline, "completed")

    actual = {
        phase["name"]: (phase["actual_starts_at"], phase["actual_ends_at"])
        for phase in visit["phases"]
        if phase["actual_starts_at"]
    }
    assert visit["version"] == 5
    assert actual == {
        "Intake": ("2027-03-01T10:00:00+00:00", "2027-03-01T10:10:00+00:00"),
        "Numbing": ("2027-03-01T10:10:00+00:00", "2027-03-01T10:45:00+00:00"),
        "Needling": ("2027-03-01T10:45:00+00:00", "2027-03-01T11:05:00+00:00"),
    }


def test_skin_prep_is_noted_from_when_the_cream_came_off(pipeline: Clinic) -> None:
    numbing = brought_to(pipeline, "numbing")

    begun = minutes_past_ten(pipeline, 50).acted("start", numbing, cream_off_at="2027-03-01T10:42:00Z")

    actual = {one["name"]: (one["actual_starts_at"], one["actual_ends_at"]) for one in begun["phases"]}
    assert actual["Numbing"] == ("2027-03-01T10:10:00+00:00", "2027-03-01T10:42:00+00:00")
    assert actual["Prep"] == ("2027-03-01T10:42:00+00:00", "2027-03-01T10:50:00+00:00")
    assert actual["Needling"] == ("2027-03-01T10:50:00+00:00", None)


def test_a_treatment_without_intake_begins_when_it_is_started_not_on_arrival(clinic: Clinic) -> None:
    arrived = minutes_past_ten(clinic, 0).acted("arrive", clinic.booked(TEN))

    started = minutes_past_ten(clinic, 4).acted("start", arrived)

    assert arrived["phases"][0]["actual_starts_at"] is None
    assert started["phases"][0]["actual_starts_at"] == "2027-03-01T10:04:00+00:00"


@pytest.mark.parametrize(("minutes", "late"), [(14, False), (15, False), (16, True)])
def test_who_comes_after_the_grace_is_flagged_late(pipeline: Clinic, minutes: int, late: bool) -> None:
    appointment = pipeline.booked(TEN)

    arrived = minutes_past_ten(pipeline, minutes).acted("arrive", appointment)

    assert [flag["code"] for flag in arrived["flags"]] == (["late"] if late else [])
    listed = pipeline.desk.get("/appointments", flagged="true").get_json()["items"]
    assert [one["id"] for one in listed] == ([appointment["id"]] if late else [])


@pytest.mark.parametrize(
    ("minutes", "status", "code"), [(14, 409, "too_early"), (15, 409, "too_early"), (16, 200, None)]
)
def test_a_no_show_is_noted_after_the_grace(
    pipeline: Clinic, minutes: int, status: int, code: str | None
) -> None:
    appointment = pipeline.booked(TEN)

    answer = minutes_past_ten(pipeline, minutes).act("no-show", appointment)

    assert (answer.status_code, answer.get_json().get("code")) == (status, code)


@pytest.mark.parametrize(
    ("minutes", "found", "status"),
    [
        (29, ["numbing_too_short"], "numbing"),
        (30, [], "in_progress"),
        (31, [], "in_progress"),
        (69, [], "in_progress"),
        (70, [], "in_progress"),
        (71, ["numbing_too_long"], "numbing"),
    ],
)
def test_the_cream_works_from_its_least_to_its_most_minutes(
    pipeline: Clinic, minutes: int, found: list[str], status: str
) -> None:
    numbing = brought_to(pipeline, "numbing")

    answer = minutes_past_ten(pipeline, minutes).act("start", numbing)

    assert refusal_codes(answer) == found
    assert shown_visit(pipeline, numbing)["status"] == status


def test_starting_without_numbing_needs_a_word_about_it(pipeline: Clinic) -> None:
    arrived = brought_to(pipeline, "arrived")

    without = minutes_past_ten(pipeline, 10).act("start", arrived)
    said = minutes_past_ten(pipeline, 10).act("start", arrived, numbed_elsewhere=True)

    assert (without.status_code, without.get_json()["code"]) == (409, "wrong_status")
    assert without.get_json()["allowed"] == ["numbing"]
    assert said.status_code == 200


def test_a_visit_without_numbing_starts_on_arrival_and_cannot_numb(clinic: Clinic) -> None:
    arrived = minutes_past_ten(clinic, 0).acted("arrive", clinic.booked(TEN))

    numbing = minutes_past_ten(clinic, 1).act("start-numbing", arrived)
    started = minutes_past_ten(clinic, 1).act("start", arrived)

    assert (numbing.status_code, numbing.get_json()["code"]) == (409, "wrong_status")
    assert numbing.get_json()["allowed"] == []
    assert started.status_code == 200


@pytest.mark.parametrize("action", ["cancel", "no-show"])
def test_what_does_not_take_place_is_free_at_once(pipeline: Clinic, database: Database, action: str) -> None:
    create_rule(pipeline.desk)
    appointment = pipeline.booked(TEN)
    taken = len(rows(database, pipeline.desk, SpacingClaim))

    minutes_past_ten(pipeline, 16).acted(
        action, appointment, **({"reason_code": "patient"} if action == "cancel" else {})
    )

    assert taken > 0
    assert rows(database, pipeline.desk, Occupancy) == []
    assert rows(database, pipeline.desk, SpacingClaim) == []


@pytest.mark.parametrize(
    ("now", "late"),
    [("2027-03-01T09:59:00Z", False), ("2027-03-01T10:00:00Z", False), ("2027-03-01T10:01:00Z", True)],
)
def test_a_cancellation_within_48_hours_is_late(clinic: Clinic, now: str, late: bool) -> None:
    appointment = clinic.booked("2027-03-03T10:00:00Z")

    done = clinic.at(now).acted("cancel", appointment, reason_code="illness", note="Has a cold.")

    kept = done["cancellation"]
    assert (kept["late"], kept["reason_code"], kept["note"]) == (late, "illness", "Has a cold.")


def test_unknown_fields_are_refused(pipeline: Clinic) -> None:
    appointment = pipeline.booked(TEN)

    answer = pipeline.act("confirm", appointment, colour="red")

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/colour"
