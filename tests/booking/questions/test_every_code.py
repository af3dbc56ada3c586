"""Every code of a refusal or a warning is produced over HTTP and has its row in the docs, word for word."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from scheduling.reasons import REFUSALS, WARNINGS
from tests.booking.questions import refusals_of_patients, refusals_of_places
from tests.booking.questions.refusals_of_patients import NUMBING, consulting
from tests.booking.questions.refusals_of_places import TEN, offering, refusals_with_reasons
from tests.docs.pages import ERRORS, blocks, examples
from tests.support.cast import Clinic, Made, short_phases
from tests.support.questions import verdict

Scene = Callable[[Clinic], list[Made]]
UUID = re.compile(r'"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"')


def by_code(scenes: Sequence[Scene]) -> Mapping[str, Scene]:
    """Give each scene by the code that it is named for."""
    return {scene.__name__: scene for scene in scenes}


REFUSED = by_code((*refusals_of_places.SCENES, *refusals_of_patients.REFUSALS))
WARNED = by_code(refusals_of_patients.WARNINGS)


def anonymous(found: Made) -> Any:
    """Give a refusal with each id replaced by the word id."""
    return json.loads(UUID.sub('"id"', json.dumps(found)))


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_is_given_word_for_word_as_its_page_shows_it(clinic: Clinic, code: str) -> None:
    found = {one["code"]: one for one in REFUSED[code](clinic)}

    assert anonymous(found[code]) == anonymous(examples(ERRORS, "Refusals")[code])


@pytest.mark.parametrize("code", WARNED)
def test_a_warning_is_given_word_for_word_as_its_page_shows_it(clinic: Clinic, code: str) -> None:
    found = {one["code"]: one for one in WARNED[code](clinic)}

    assert found[code] == examples(ERRORS, "Warnings")[code]


def test_the_scenes_the_code_and_the_page_list_the_same_codes() -> None:
    assert list(REFUSED) == list(REFUSALS) == list(examples(ERRORS, "Refusals"))
    assert list(WARNED) == list(WARNINGS) == list(examples(ERRORS, "Warnings"))


def test_a_refusal_of_several_visits_tells_each_as_its_page_shows_it(clinic: Clinic) -> None:
    consultation, treatment = consulting(clinic)
    visits = [
        consultation.wish(TEN, patient_id=None),
        treatment.wish("2027-03-02T10:25:00Z", patient_id=None),
    ]
    body = {"patient_id": clinic.patient["id"], "visits": visits}
    shown = json.loads(blocks(ERRORS.read_text().split("`POST /v1/appointments/together`")[1], "json")[0])

    answer = clinic.desk.post("/appointments/together", body).get_json()

    assert answer | {"request_id": shown["request_id"]} == shown


@pytest.mark.parametrize(
    ("needling_at", "code"),
    [(15, "numbing_too_short"), (20, None), (45, None), (50, "numbing_too_long")],
)
def test_a_visit_is_planned_with_enough_numbing_and_soon_after_it(
    clinic: Clinic, needling_at: int, code: str | None
) -> None:
    needling = short_phases()[0] | {"at_minute": needling_at}
    planned = offering(clinic, phases=[NUMBING, needling])

    found = verdict(planned, TEN)["refusals"]

    assert [one["code"] for one in found] == ([code] if code else [])


def test_nobody_may_override_the_numbing(clinic: Clinic) -> None:
    needling = short_phases()[0] | {"at_minute": 50}
    planned = offering(clinic, phases=[NUMBING, needling])
    override = {"codes": ["numbing_too_long"], "reason": "They are in a hurry."}

    found = refusals_with_reasons(planned.book(TEN, override=override))

    assert [(one["code"], one.get("overridable_by")) for one in found] == [("numbing_too_long", None)]
