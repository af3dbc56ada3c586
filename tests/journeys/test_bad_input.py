"""Clinical input that makes no sense gets a 422 that names the field and says what is wrong."""

from typing import Any

import pytest

from tests.journeys.cast import doing, find
from tests.support.cast import Clinic
from tests.support.records import open_medical_hold

RULE = {
    "code": "OWN",
    "after": {"event": "waxing"},
    "before": {"family": "MN"},
    "scope": "area",
    "floor_days": 7,
    "min_days": 14,
}
NOON = "2027-03-08T12:00:00Z"


def wrong(answer: Any) -> list[tuple[str, str]]:
    """Give the field and the message of each error of a 422."""
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "invalid"), answer.text
    return [(one["pointer"], one["message"]) for one in problem["errors"]]


@pytest.mark.parametrize(
    ("days", "pointer", "message"),
    [
        ({"floor_days": 15}, "/min_days", "Must not be less than floor_days."),
        ({"recommended_days": 13}, "/recommended_days", "Must not be less than min_days."),
        (
            {"recommended_days": 20, "overdue_days": 19},
            "/overdue_days",
            "Must not be less than recommended_days.",
        ),
        ({"overdue_days": 13}, "/overdue_days", "Must not be less than min_days."),
    ],
)
def test_the_days_of_a_rule_rise(lasting: Clinic, days: dict[str, int], pointer: str, message: str) -> None:
    assert wrong(lasting.desk.post("/spacing-rules", RULE | days)) == [(pointer, message)]


def test_a_change_may_not_put_the_floor_above_the_minimum(london: Clinic) -> None:
    path = f"/spacing-rules/{find(london.desk, 'S02', 'spacing-rules')['id']}"

    assert wrong(london.desk.patch(path, {"floor_days": 29})) == [
        ("/min_days", "Must not be less than floor_days.")
    ]
    assert london.desk.patch(path, {"floor_days": 28}).status_code == 200


@pytest.mark.parametrize(
    ("code", "needs"),
    [
        ("CONSULT_NEW", "CONSULT"),
        ("CONSULT_NEW", "MN"),
        ("CONSULT_NEW", "MN_SCALP"),
        ("PATCH_TEST", "PATCH_TEST"),
    ],
)
def test_prerequisites_lead_in_no_circle(lasting: Clinic, code: str, needs: str) -> None:
    path = f"/procedures/{find(lasting.desk, code)['id']}"

    ((pointer, message),) = wrong(lasting.desk.patch(path, {"prerequisites": [{"family": needs}]}))
    assert pointer == "/prerequisites/0/family"
    assert "cycle" in message


def test_a_circle_over_three_families_is_found_whoever_closes_it(london: Clinic) -> None:
    patch_test = f"/procedures/{find(london.desk, 'PATCH_TEST')['id']}"
    first = london.desk.patch(patch_test, {"prerequisites": [{"family": "MN"}]})
    consult = f"/procedures/{find(london.desk, 'CONSULT_NEW')['id']}"
    closing = [{"family": "REVIEW"}, {"family": "PATCH_TEST"}]

    assert first.status_code == 200
    assert wrong(london.desk.patch(consult, {"prerequisites": closing}))[0][0] == "/prerequisites/1/family"


@pytest.mark.parametrize(
    ("fields", "pointer", "says"),
    [
        ({"opened_on": "2027-03-09"}, "/opened_on", "future"),
        ({"opened_on": "2027-03-08", "resolved_on": "2027-03-07"}, "/resolved_on", "before opened_on"),
        ({"opened_on": "2027-03-08", "resolved_on": "2027-03-09"}, "/resolved_on", "future"),
        ({"opened_on": "2027-03-08", "code": "influenza"}, "/code", "infection"),
        ({"opened_on": "2027-03-08", "areas": ["FACE", "NOSE"]}, "/areas/1", "FACE"),
        ({}, "/opened_on", "equired"),
    ],
)
def test_a_hold_that_cannot_be_is_refused_at_noon(
    lasting: Clinic, fields: dict[str, Any], pointer: str, says: str
) -> None:
    path = f"/patients/{lasting.patient['id']}/medical-holds"

    ((found, message),) = wrong(lasting.at(NOON).desk.post(path, {"code": "infection"} | fields))
    assert found == pointer
    assert says in message


@pytest.mark.parametrize(("now", "status"), [("2027-06-08T22:59:00Z", 422), ("2027-06-08T23:00:00Z", 201)])
def test_tomorrow_begins_at_the_clinics_own_midnight(lasting: Clinic, now: str, status: int) -> None:
    path = f"/patients/{lasting.patient['id']}/medical-holds"

    answer = lasting.at(now).desk.post(path, {"code": "infection", "opened_on": "2027-06-09"})

    assert answer.status_code == status


def test_a_hold_is_not_resolved_before_it_was_opened_by_a_change(lasting: Clinic) -> None:
    noon = lasting.at(NOON)
    hold = open_medical_hold(noon, "infection", "2027-03-08")
    path = f"/patients/{lasting.patient['id']}/medical-holds/{hold['id']}"

    assert wrong(noon.desk.patch(path, {"resolved_on": "2027-03-07"})) == [
        ("/resolved_on", "Must not lie before opened_on.")
    ]


@pytest.mark.parametrize(
    ("fields", "pointer", "says"),
    [
        ({"on": "2027-03-09"}, "/on", "future"),
        ({"on": "2027-13-01"}, "/on", "date"),
        ({"event": "botox"}, "/event", "botulinum_toxin"),
        ({"areas": ["FOREHEAD"]}, "/areas/0", "FACE"),
        ({"areas": ["FACE", "FACE"]}, "/areas", "twice"),
    ],
)
def test_a_treatment_that_cannot_be_is_refused(
    lasting: Clinic, fields: dict[str, Any], pointer: str, says: str
) -> None:
    path = f"/patients/{lasting.patient['id']}/treatments"
    body = {"event": "botulinum_toxin", "on": "2027-03-08", "areas": ["FACE"]}

    ((found, message),) = wrong(lasting.at(NOON).desk.post(path, body | fields))
    assert found == pointer
    assert message
    assert says in message


def test_only_an_event_that_matters_may_lie_ahead(lasting: Clinic) -> None:
    path = f"/patients/{lasting.patient['id']}/treatments"
    ahead = lasting.at(NOON).desk.made(path, event="important_event", on="2027-06-05")

    answer = lasting.at(NOON).desk.patch(f"{path}/{ahead['id']}", {"event": "waxing"})

    assert wrong(answer) == [("/on", "Must not lie in the future, except for important_event.")]


@pytest.mark.parametrize(("areas", "pointer"), [(["NOSE"], "/areas/0"), (["FACE"], "/areas"), ([], "/areas")])
def test_a_zone_of_the_body_is_one_that_the_procedure_treats(
    lasting: Clinic, areas: list[str], pointer: str
) -> None:
    ((found, message),) = wrong(doing(lasting, "MN_BODY_ZONE").book(NOON, areas=areas))

    assert found == pointer
    assert message
