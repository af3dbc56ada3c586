"""Medical holds H01 to H10 refuse visits by their rules, up to a date after they are resolved."""

import pytest

from tests.journeys.cast import change_hold, doing, refusals, told, warnings
from tests.support.cast import Clinic, Made, codes, refusal
from tests.support.questions import eligibility, verdict
from tests.support.records import open_medical_hold, record_treatment

IN_MARCH = "2027-03-10T10:00:00Z"
# Code, rule, level that releases it, and how many days after 22 February a visit passes.
BLOCKING = [
    ("infection", "H01", "clinician", 14),
    ("pregnancy", "H02", "clinician", 0),
    ("keloid_tendency", "H04", "dermatologist", 0),
    ("anticoagulant", "H05", "clinician", 0),
    ("under_age", "H06", "clinician", 0),
    ("prolonged_redness", "H07", "clinician", 14),
    ("hyperpigmentation", "H08", "dermatologist", 28),
    ("serious_adverse_effect", "H09", "dermatologist", 0),
    ("anaesthetic_reaction", "H10", "clinician", 0),
]
# After 14 days Monday 8 March, after 28 days Monday 22 March: the day before is a Sunday, so a Saturday.
FIRST = {0: "2027-02-22", 14: "2027-03-08", 28: "2027-03-22"}
BEFORE = {14: "2027-03-06", 28: "2027-03-20"}


@pytest.mark.parametrize(("code", "rule", "level", "days"), BLOCKING)
def test_an_open_hold_refuses_and_has_no_date(
    someone: Clinic, code: str, rule: str, level: str, days: int
) -> None:
    hold = open_medical_hold(someone, code, "2027-02-22")
    answer = someone.book(IN_MARCH)

    found = refusal(answer, "medical_hold")
    assert codes(answer) == ["medical_hold"]
    assert (found["rule_id"], found["overridable_by"], found.get("earliest_on")) == (rule, level, None)
    assert answer.get_json()["alternatives"] == []
    assert eligibility(someone)["eligible_on"] is None
    assert told(eligibility(someone)["refusals"]) == [("medical_hold", rule, None)]

    change_hold(someone, hold, resolved_on="2027-02-22")
    first = FIRST[days]
    before = [] if days == 0 else refusals(someone, f"{BEFORE[days]}T10:00:00Z")

    assert refusals(someone, f"{first}T15:00:00Z") == []
    assert before == ([] if days == 0 else [("medical_hold", rule, first)])
    assert eligibility(someone)["eligible_on"] == first


def test_breastfeeding_only_advises_unless_the_clinic_blocks(known: Clinic) -> None:
    open_medical_hold(known, "breastfeeding", "2027-02-22")
    advised = warnings(known, IN_MARCH)

    (rule,) = known.desk.get("/hold-rules", code="breastfeeding").get_json()["items"]
    known.desk.patch(f"/hold-rules/{rule['id']}", {"effect": "block"})

    assert advised == [("advisory_hold", "H03", None)]
    assert refusals(known, IN_MARCH) == [("medical_hold", "H03", None)]


def test_a_reaction_to_the_cream_refuses_only_visits_with_numbing(known: Clinic) -> None:
    open_medical_hold(known, "anaesthetic_reaction", "2027-02-22", areas=[])
    bare = doing(known, "MN_FACE_SUP")
    phases = [phase for phase in bare.procedure["phases"] if phase["kind"] != "numbing"]
    known.desk.patch(f"/procedures/{bare.procedure['id']}", {"phases": phases})

    assert refusals(known, IN_MARCH) == [("medical_hold", "H10", None)]
    assert refusals(bare, IN_MARCH) == []


def test_a_consultation_and_a_review_are_never_held(someone: Clinic) -> None:
    open_medical_hold(someone, "pregnancy", "2027-02-22")

    assert refusals(doing(someone, "CONSULT_NEW"), IN_MARCH) == []
    assert refusals(doing(someone, "REVIEW"), IN_MARCH) == []


@pytest.mark.parametrize(
    ("areas", "found"),
    [
        (["SCALP"], []),
        (["NECK"], []),
        (["PERIORBITAL"], [("medical_hold", "H01", None)]),
        (["SCALP", "FACE"], [("medical_hold", "H01", None)]),
        ([], [("medical_hold", "H01", None)]),
    ],
)
def test_a_hold_stands_against_its_own_areas(
    someone: Clinic, areas: list[str], found: list[tuple[str, str, None]]
) -> None:
    open_medical_hold(someone, "infection", "2027-02-22", areas=areas)

    assert refusals(someone, IN_MARCH) == found


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2027-03-31", [("medical_hold", "H01", "2027-04-01")]),
        ("2027-04-01", []),
        ("2027-04-02", []),
    ],
)
def test_a_date_that_is_given_counts_before_anything_is_resolved(
    someone: Clinic, day: str, found: list[tuple[str, str, str]]
) -> None:
    hold = open_medical_hold(someone, "infection", "2027-02-22", earliest_on="2027-04-01")

    open_still = refusals(someone, f"{day}T15:00:00+01:00")
    change_hold(someone, hold, resolved_on="2027-02-22")

    assert refusals(someone, f"{day}T15:00:00+01:00") == open_still == found


def test_a_hold_and_a_wash_out_give_the_later_of_their_dates(someone: Clinic) -> None:
    record_treatment(someone, "botulinum_toxin", "2027-02-20")
    hold = open_medical_hold(someone, "infection", "2027-02-22")
    open_still = verdict(someone, "2027-03-01T10:00:00Z")["refusals"]

    change_hold(someone, hold, resolved_on="2027-02-22")
    resolved = verdict(someone, "2027-03-01T10:00:00Z")["refusals"]

    assert told(open_still) == [("washout_min", "X01", "2027-03-06"), ("medical_hold", "H01", None)]
    assert told(resolved) == [("washout_min", "X01", "2027-03-08"), ("medical_hold", "H01", "2027-03-08")]


def test_a_visit_before_the_hold_was_opened_is_not_held(someone: Clinic) -> None:
    late: Made = open_medical_hold(someone.at("2027-03-20T09:00:00Z"), "pregnancy", "2027-03-20")

    assert late["affected"] == []
    assert refusals(someone, "2027-03-19T10:00:00Z") == []
    assert refusals(someone, "2027-03-20T10:00:00Z") == [("medical_hold", "H02", None)]


def test_two_holds_are_two_refusals(someone: Clinic) -> None:
    open_medical_hold(someone, "pregnancy", "2027-02-22")
    open_medical_hold(someone, "keloid_tendency", "2027-02-22")
    answer = someone.book(IN_MARCH)

    found = told(answer.get_json()["refusals"])
    assert found == [("medical_hold", "H02", None), ("medical_hold", "H04", None)]
