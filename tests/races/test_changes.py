"""Of changes to the same version of an appointment a single change wins."""

from functools import partial

import pytest

from models.database import Database
from tests.support.cast import Clinic, Made, event_types
from tests.support.racing import assert_sound, race, statuses
from tests.support.times import TEN

AT = {
    "arrive": "2027-03-01T10:00:00+00:00",
    "start-numbing": "2027-03-01T10:10:00+00:00",
    "start": "2027-03-01T10:45:00+00:00",
    "complete": "2027-03-01T11:05:00+00:00",
    "no-show": "2027-03-01T10:16:00+00:00",
}
BEFORE = {
    "start-numbing": ("arrive",),
    "start": ("arrive", "start-numbing"),
    "complete": ("arrive", "start-numbing", "start"),
}
BODIES: dict[str, Made] = {
    "cancel": {"reason_code": "patient"},
    "reschedule": {"starts_at": "2027-03-01T14:00:00+00:00"},
}
EVENTS = {"arrive": "arrived", "start-numbing": "numbing_started", "start": "started", "no-show": "no_show"}
ACTIONS = ("confirm", "arrive", "start-numbing", "start", "complete", "no-show", "cancel", "reschedule")


def ready_for(action: str, pipeline: Clinic) -> tuple[Clinic, Made]:
    """Give the clinic at the action's instant, and an appointment whose status allows the action."""
    appointment = pipeline.booked(TEN)
    for step in BEFORE.get(action, ()):
        appointment = pipeline.at(AT[step]).acted(step, appointment)
    return pipeline.at(AT.get(action, "2027-02-01T09:00:00+00:00")), appointment


@pytest.mark.parametrize("action", ACTIONS)
def test_one_version_takes_an_action_once(action: str, pipeline: Clinic, database: Database) -> None:
    clinic, appointment = ready_for(action, pipeline)
    written = len(event_types(database, clinic.desk, appointment))

    answers = race([partial(clinic.act, action, appointment, **BODIES.get(action, {}))] * 8)

    assert statuses(answers) == [200] + [412] * 7
    assert len(event_types(database, clinic.desk, appointment)) == written + 1
    assert_sound(database, clinic.desk)


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "reschedule"])
def test_an_action_at_any_version_is_taken_once(action: str, pipeline: Clinic) -> None:
    clinic, appointment = ready_for(action, pipeline)
    path = f"/appointments/{appointment['id']}/{action}"
    body = BODIES.get(action, {})

    answers = race([partial(clinic.desk.post, path, body, **{"If-Match": "*"})] * 8)

    assert statuses(answers) == [200] + [409] * 7
    assert {answer.get_json()["code"] for answer in answers if answer.status_code == 409} == {"wrong_status"}


def test_twenty_confirmations_of_one_version_give_one_success(pipeline: Clinic) -> None:
    appointment = pipeline.booked(TEN)

    answers = race([partial(pipeline.act, "confirm", appointment)] * 20)

    assert statuses(answers) == [200] + [412] * 19


def test_twenty_notes_on_one_version_give_one_success(pipeline: Clinic) -> None:
    appointment = pipeline.booked(TEN)
    path = f"/appointments/{appointment['id']}"

    answers = race(
        partial(pipeline.desk.patch, path, {"notes": f"Note {number}", "version": 1}) for number in range(20)
    )

    assert statuses(answers) == [200] + [412] * 19
    (kept,) = [answer.get_json()["notes"] for answer in answers if answer.status_code == 200]
    assert pipeline.desk.get(path).get_json()["notes"] == kept


def test_different_actions_on_one_version_give_one_success(pipeline: Clinic, database: Database) -> None:
    appointment = pipeline.booked(TEN)
    # On the day itself, so that each of them may be the first.
    there = pipeline.at(TEN)
    first = [partial(there.act, action, appointment) for action in ("confirm", "arrive")]
    last = [partial(there.act, action, appointment, **BODIES[action]) for action in BODIES]

    answers = race([*first, *last] * 3)

    assert statuses(answers) == [200] + [412] * 11
    assert_sound(database, pipeline.desk)
