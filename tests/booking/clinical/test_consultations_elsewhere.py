"""A consultation before go-live, or elsewhere, satisfies a prerequisite like one held here."""

import pytest

from tests.support.cast import Clinic, Made, codes, create_procedure, pointers, refusal_codes
from tests.support.times import DAY, TEN


@pytest.fixture
def careful(clinic: Clinic) -> Clinic:
    """Give a clinic whose procedure needs a consultation."""
    needs = {"prerequisites": [{"family": "CONSULT"}]}
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", needs)
    return clinic


def path_of(clinic: Clinic) -> str:
    return f"/patients/{clinic.patient['id']}/treatments"


def talked(clinic: Clinic, on: str) -> Made:
    return clinic.desk.made(path_of(clinic), event="consultation", on=on)


def test_without_one_the_treatment_is_refused(careful: Clinic) -> None:
    assert codes(careful.book(TEN)) == ["prerequisite_missing"]


# The visit is on 1 March 2027; a consultation is good for 180 days.
@pytest.mark.parametrize(
    ("on", "refused"),
    [
        ("2026-09-01", ["prerequisite_expired"]),
        ("2026-09-02", []),
        ("2026-09-03", []),
        ("2027-01-04", []),
    ],
)
def test_one_before_go_live_is_good_for_as_long_as_one_here(
    careful: Clinic, on: str, refused: list[str]
) -> None:
    talked(careful, on)

    assert refusal_codes(careful.book(TEN)) == refused


@pytest.mark.parametrize(
    ("on", "refused"),
    [
        ("2027-02-26", []),
        ("2027-02-27", []),
        ("2027-02-28", ["cooling_off"]),
        ("2027-03-01", ["prerequisite_missing"]),
    ],
)
def test_the_patient_may_think_it_over_from_the_end_of_that_date_on(
    careful: Clinic, on: str, refused: list[str]
) -> None:
    careful = careful.at(f"{DAY}T08:00:00Z")
    talked(careful, on)

    assert refusal_codes(careful.book(TEN)) == refused


def test_it_counts_for_the_clinics_own_families_of_talks(clinic: Clinic) -> None:
    talk = {
        "name": "Talk",
        "kind": "consultation",
        "minutes": 20,
        "therapist": True,
        "room_kinds": ["treatment"],
    }
    create_procedure(clinic.desk, code="TALK", name="Talk", family="TALKS", areas=[], phases=[talk])
    needs = {"prerequisites": [{"family": "TALKS"}]}
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", needs)
    talked(clinic, "2027-01-02")

    assert clinic.book(TEN).status_code == 201


def test_it_satisfies_no_prerequisite_of_another_family(clinic: Clinic) -> None:
    create_procedure(clinic.desk, code="PRP", family="PRP")
    needs = {"prerequisites": [{"family": "PRP"}]}
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", needs)
    talked(clinic, "2027-01-02")

    assert codes(clinic.book(TEN)) == ["prerequisite_missing"]


def test_needling_elsewhere_is_no_consultation(careful: Clinic) -> None:
    careful.desk.made(path_of(careful), event="micro_needling", on="2026-10-01")

    assert codes(careful.book(TEN)) == ["prerequisite_missing"]


def test_the_visits_that_rested_on_it_are_flagged_when_it_goes(careful: Clinic) -> None:
    made = talked(careful, "2027-01-02")
    visit = careful.booked(TEN)
    path = f"{path_of(careful)}/{made['id']}"

    moved = careful.desk.patch(path, {"on": "2026-01-02"}).get_json()
    back = careful.desk.patch(path, {"on": "2027-01-02"}).get_json()
    careful.desk.delete(path)

    flags = careful.desk.get(f"/appointments/{visit['id']}").get_json()["flags"]
    assert (moved["affected"], back["affected"]) == ([visit["id"]], [])
    assert [one["code"] for one in flags] == ["prerequisite_missing"]


def test_eligibility_counts_from_it(careful: Clinic) -> None:
    talked(careful, "2027-01-04")

    query = {"procedure_id": careful.procedure["id"], "location_id": careful.location["id"]}
    path = f"/patients/{careful.patient['id']}/eligibility"
    assert careful.desk.get(path, **query).get_json()["eligible_on"] == "2027-01-06"


def test_it_lies_not_in_the_future(careful: Clinic) -> None:
    answer = careful.desk.post(path_of(careful), {"event": "consultation", "on": "2027-01-05"})

    assert pointers(answer) == ["/on"]


def test_no_procedure_and_no_rule_takes_it_for_an_event(careful: Clinic) -> None:
    path = f"/procedures/{careful.procedure['id']}"

    assert pointers(careful.desk.patch(path, {"counts_as": "consultation"})) == ["/counts_as"]
