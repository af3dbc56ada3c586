"""J7: toxin elsewhere, then a filler and peels here over a bank holiday, and a move that flags both."""

from dataclasses import dataclass

import pytest

from models.database import Database
from tests.journeys.cast import consulted, create_aesthetic, create_default_clinic, refusals, taken, told
from tests.support.cast import Clinic, Made, codes, event_types, refusal
from tests.support.copying import MakeClinic
from tests.support.records import record_treatment
from tests.support.visits import flagged, flags, shown_visit


@dataclass(frozen=True)
class Story:
    """A clinic that observes England's holidays, on 3 May, with fillers and two peels of its own."""

    needling: Clinic
    filler: Clinic
    peel: Clinic
    medium: Clinic


@pytest.fixture
def story(make_clinic: MakeClinic) -> Story:
    """Record the toxin that the patient had elsewhere on Saturday 1 May."""
    holidays = {"country": "GB", "subdivision": "ENG", "observes_public_holidays": True}
    london = create_default_clinic(make_clinic, **holidays)
    consulted(london)
    london = london.at("2027-05-04T09:00:00+01:00")
    record_treatment(london, "botulinum_toxin", "2027-05-01")
    return Story(
        london,
        create_aesthetic(london, "dermal_filler"),
        create_aesthetic(london, "superficial_peel"),
        create_aesthetic(london, "medium_peel"),
    )


def needled(story: Story) -> Made:
    """Book the needling of Monday 17 May."""
    return story.needling.booked("2027-05-17T10:00:00+01:00")


def test_needling_waits_14_days_for_toxin(story: Story) -> None:
    too_soon = story.needling.book("2027-05-14T10:00:00+01:00")

    found = refusal(too_soon, "washout_min")
    assert codes(too_soon) == ["washout_min"]
    assert (found["rule_id"], found["earliest_on"], found["overridable_by"]) == (
        "X01",
        "2027-05-15",
        "clinician",
    )
    assert refusals(story.needling, "2027-05-15T10:00:00+01:00") == []
    assert needled(story)["warnings"] == []


def test_toxin_of_the_day_before_is_under_the_floor(story: Story) -> None:
    found = told(
        story.needling.at("2027-05-02T09:00:00+01:00")
        .book("2027-05-02T10:00:00+01:00")
        .get_json()["refusals"]
    )

    assert found == [
        ("outside_opening_hours", None, None),
        ("washout_floor", "X01", "2027-05-15"),
        ("washout_min", "X01", "2027-05-15"),
    ]


def test_a_filler_after_needling_waits_for_the_day_after_the_bank_holiday(story: Story) -> None:
    taken(story.needling, needled(story))

    too_soon = story.filler.at("2027-05-18T09:00:00+01:00").book("2027-05-28T10:00:00+01:00")

    slots = too_soon.get_json()["alternatives"]
    assert told(too_soon.get_json()["refusals"]) == [("washout_min", "X02", "2027-05-31")]
    assert slots[0]["starts_at"][:10] == "2027-06-01"


def test_the_bank_holiday_itself_is_closed_but_not_too_soon(story: Story) -> None:
    needled(story)

    assert refusals(story.filler, "2027-05-31T10:00:00+01:00") == [("location_closed", None, None)]
    assert refusals(story.filler, "2027-06-01T10:00:00+01:00") == []


@pytest.mark.parametrize(
    ("peel", "day", "found"),
    [
        ("peel", "2027-06-12", [("washout_min", "X03", "2027-06-14")]),
        ("peel", "2027-06-14", []),
        ("medium", "2027-06-14", [("washout_min", "X04", "2027-06-28")]),
        ("medium", "2027-06-26", [("washout_min", "X04", "2027-06-28")]),
        ("medium", "2027-06-28", []),
    ],
)
def test_a_light_peel_waits_28_days_and_a_medium_one_42(
    story: Story, peel: str, day: str, found: list[tuple[str, str, str]]
) -> None:
    taken(story.needling, needled(story))
    clinic: Clinic = getattr(story, peel).at("2027-05-18T09:00:00+01:00")

    answer = clinic.book(f"{day}T12:00:00+01:00")

    assert answer.status_code == (409 if found else 201)
    assert told(answer.get_json().get("refusals", [])) == found


def test_a_move_of_the_needling_flags_filler_and_peel_until_it_moves_back(
    story: Story, database: Database
) -> None:
    needling = needled(story)
    filler = story.filler.booked("2027-06-01T10:00:00+01:00")
    peel = story.peel.booked("2027-06-14T10:00:00+01:00")
    medium = story.medium.booked("2027-07-05T10:00:00+01:00")

    moved = story.needling.acted("reschedule", needling, starts_at="2027-05-24T10:00:00+01:00")
    seen = {
        name: shown_visit(story.needling, one)["flags"] for name, one in (("filler", filler), ("peel", peel))
    }
    listed = flagged(story.needling)
    back = story.needling.acted("reschedule", moved, starts_at="2027-05-17T10:00:00+01:00")

    since = "2027-05-04T09:00:00+01:00"
    assert sorted(moved["affected"]) == sorted([filler["id"], peel["id"]])
    assert seen["filler"] == [{"code": "washout_min", "rule_id": "X02", "since": since}]
    assert seen["peel"] == [{"code": "washout_min", "rule_id": "X03", "since": since}]
    assert listed == [filler["id"], peel["id"]]
    assert event_types(database, story.needling.desk, filler)[-1] == "appointment.flagged"
    assert event_types(database, story.needling.desk, peel)[-1] == "appointment.flagged"
    assert event_types(database, story.needling.desk, medium) == ["appointment.booked"]
    assert (back["affected"], flagged(story.needling), flags(story.needling, filler)) == ([], [], [])


def test_a_move_under_the_floor_of_the_filler_is_refused(story: Story) -> None:
    needling = needled(story)
    story.filler.booked("2027-06-01T10:00:00+01:00")

    at_floor = story.needling.act("reschedule", needling, starts_at="2027-05-25T10:00:00+01:00")
    under = story.needling.act("reschedule", at_floor.get_json(), starts_at="2027-05-26T10:00:00+01:00")

    assert at_floor.status_code == 200
    assert under.status_code == 409
    assert codes(under) == ["washout_floor", "washout_min"]
