"""A key and its visitors have a limited number of live holds at a location, also when they ask at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from models import Appointment
from models.clinics import ONLINE_LIMITS
from models.database import Database
from tests.support.cast import (
    Clinic,
    add_two_pairs,
    create_staffed_location,
    rows,
    run_out,
)
from tests.support.racing import assert_sound, race, statuses
from tests.support.widgets import create_widget, from_page

MOST_HOLDS = ONLINE_LIMITS["holds_per_key"]
MOST_OF_VISITOR = ONLINE_LIMITS["holds_per_visitor"]
SLOTS = [
    f"2027-03-{day:02}T{hour}:{minute:02}:00Z"
    for day in (1, 2)
    for hour in range(10, 18)
    for minute in (0, 20, 40)
]


@dataclass(frozen=True)
class Widget:
    """A clinic's widget with a publishable key of its own."""

    clinic: Clinic

    def hold(self, at: str, visitor: str | None = None, **fields: Any) -> TestResponse:
        """Ask for a hold from the widget's page, by default as a visitor of the slot's own."""
        address = visitor or f"198.51.100.{SLOTS.index(at)}"
        return self.clinic.desk.request(
            "POST",
            "/holds",
            from_page(),
            json=self.clinic.wish(at, patient_id=None, **fields),
            environ_overrides={"REMOTE_ADDR": address},
        )

    def hold_all(self, starts: Sequence[str]) -> list[int]:
        """Ask for holds one after the other; give the statuses."""
        return [self.hold(at).status_code for at in starts]


def widget_of(clinic: Clinic) -> Widget:
    """Create a widget for the clinic."""
    return Widget(clinic.using(create_widget(clinic.desk, "appointments:write")))


@pytest.fixture
def widget(clinic: Clinic) -> Widget:
    """Give a widget that has as many holds as it may have."""
    widget = widget_of(clinic)
    assert set(widget.hold_all(SLOTS[: MOST_HOLDS - 1])) == {201}
    assert widget.hold(SLOTS[MOST_HOLDS - 1], ttl_seconds=600).status_code == 201
    return widget


def test_one_hold_too_many_is_refused_with_the_time_until_the_first_expires(widget: Widget) -> None:
    answer = widget.hold(SLOTS[MOST_HOLDS])

    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many_holds")
    assert 240 < int(answer.headers["Retry-After"]) <= 300


@pytest.mark.parametrize("how", ["release", "expire", "book"])
def test_a_hold_that_has_ended_makes_room_for_one(
    widget: Widget, clinic: Clinic, database: Database, how: str
) -> None:
    hold = {"id": str(rows(database, clinic.desk, Appointment)[0].id)}
    match how:
        case "release":
            clinic.desk.delete(f"/holds/{hold['id']}")
        case "expire":
            run_out(database, clinic.desk, hold)
        case "book":
            assert clinic.convert(hold).status_code == 201

    assert widget.hold_all(SLOTS[MOST_HOLDS : MOST_HOLDS + 2]) == [201, 409]


@pytest.mark.usefixtures("widget")
def test_other_keys_are_not_counted_and_secret_ones_not_bounded(clinic: Clinic) -> None:
    assert widget_of(clinic).hold(SLOTS[MOST_HOLDS]).status_code == 201
    assert {clinic.hold(at).status_code for at in SLOTS[MOST_HOLDS + 1 : 2 * MOST_HOLDS + 2]} == {201}


def test_holds_at_another_location_are_not_counted(widget: Widget, clinic: Clinic) -> None:
    other = create_staffed_location(clinic.desk)

    assert widget.hold(SLOTS[0], location_id=other["id"]).status_code == 201


def test_of_forty_holds_at_once_no_more_than_the_bound_are_made(clinic: Clinic, database: Database) -> None:
    add_two_pairs(clinic)
    widget = widget_of(clinic)

    answers = race([partial(widget.hold, at) for at in SLOTS[: 2 * MOST_HOLDS]])

    assert statuses(answers) == [201] * MOST_HOLDS + [409] * MOST_HOLDS
    assert {one.get_json()["code"] for one in answers if one.status_code == 409} == {"too_many_holds"}
    assert_sound(database, clinic.desk)


def test_one_visitor_hoards_nothing_and_leaves_the_rest_to_others(clinic: Clinic) -> None:
    widget = widget_of(clinic)
    answers = [widget.hold(at, "203.0.113.7") for at in SLOTS[: MOST_OF_VISITOR + 1]]

    assert statuses(answers) == [201] * MOST_OF_VISITOR + [409]
    assert widget.hold(SLOTS[MOST_OF_VISITOR + 1], "203.0.113.8").status_code == 201


def test_a_visitors_holds_at_once_are_no_more_than_theirs(clinic: Clinic, database: Database) -> None:
    widget = widget_of(clinic)
    answers = race([partial(widget.hold, at, "203.0.113.7") for at in SLOTS[:12]])

    assert statuses(answers) == [201] * MOST_OF_VISITOR + [409] * (12 - MOST_OF_VISITOR)
    assert_sound(database, clinic.desk)


def test_the_limits_are_the_clinics_own(clinic: Clinic) -> None:
    shown = clinic.desk.patch("/clinic", {"limits": {"holds_per_visitor": 1}}).get_json()
    widget = widget_of(clinic)

    assert shown["limits"] == {**ONLINE_LIMITS, "holds_per_visitor": 1}
    assert [widget.hold(at, "203.0.113.7").status_code for at in SLOTS[:2]] == [201, 409]


def test_no_hold_keeps_a_visitors_address(clinic: Clinic, database: Database) -> None:
    widget_of(clinic).hold(SLOTS[0], "203.0.113.7")
    (hold,) = rows(database, clinic.desk, Appointment)

    assert "203.0.113.7" not in str(hold.hold)
    assert hold.hold["visitor"]
