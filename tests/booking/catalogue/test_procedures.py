"""Procedures: phases in order, codes, what is fixed once booked."""

import pytest

from tests.support import samples
from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast
from tests.support.desk import Desk


def test_a_phase_has_the_documented_defaults(desk: Desk) -> None:
    phase = {"name": "Needling", "kind": "procedure", "minutes": 20}
    made = desk.made("/procedures", code="X", name="X", family="X", phases=[phase])

    assert made["phases"] == [
        phase
        | {
            "min_minutes": None,
            "max_minutes": None,
            "therapist": False,
            "assistant": None,
            "room_kinds": [],
            "device_kinds": [],
            "patient": True,
            "at_minute": None,
        }
    ]
    assert (made["areas"], made["choose_areas"], made["depth_mm"], made["counts_as"]) == (
        [],
        False,
        None,
        None,
    )
    assert (made["qualifications"], made["qualifications_any"], made["prerequisites"]) == ([], [], [])


def test_phases_keep_their_order(cast: Cast) -> None:
    names = ["Talk", "Numbing", "Needling", "Mask", "Turnover"]
    phases = [samples.phase(name=name) for name in names]
    path = f"/procedures/{cast.procedure['id']}"
    cast.desk.patch(path, {"phases": phases})

    assert [phase["name"] for phase in cast.desk.get(path).get_json()["phases"]] == names


def test_a_procedure_tells_how_long_the_patient_stays_and_whether_it_may_come_first(desk: Desk) -> None:
    phases = [
        samples.phase(minutes=20),
        samples.phase(name="Talk", minutes=10, at_minute=40),
        samples.phase(name="Turnover", kind="turnover", minutes=15, patient=False),
    ]
    made = desk.made("/procedures", **samples.procedure(phases=phases))

    assert (made["patient_minutes"], made["first_visit"]) == (50, True)
    changed = desk.patch(f"/procedures/{made['id']}", {"prerequisites": [{"family": "CONSULT"}]}).get_json()
    assert (changed["patient_minutes"], changed["first_visit"]) == (50, False)
    assert desk.get("/procedures").get_json()["items"] == [
        {name: value for name, value in changed.items() if name != "affected"}
    ]


@pytest.mark.parametrize("field", ["patient_minutes", "first_visit"])
def test_what_follows_from_the_phases_cannot_be_written(desk: Desk, field: str) -> None:
    answer = desk.post("/procedures", samples.procedure() | {field: 1})

    assert pointers(answer) == [f"/{field}"]


def test_a_consultation_takes_the_procedures_place(desk: Desk) -> None:
    phases = [samples.phase(kind="consultation")]

    assert desk.post("/procedures", samples.procedure(phases=phases)).status_code == 201


@pytest.mark.parametrize(("minutes", "status"), [(115, 201), (120, 201), (125, 422)])
def test_a_visit_takes_at_most_twelve_hours(desk: Desk, minutes: int, status: int) -> None:
    phases = [samples.phase(minutes=600), samples.phase(minutes=minutes)]

    assert desk.post("/procedures", samples.procedure(phases=phases)).status_code == status


def test_a_code_is_taken_once(cast: Cast) -> None:
    answer = cast.desk.post("/procedures", samples.procedure())

    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_exists")


def test_procedures_are_found_by_their_exact_code(cast: Cast) -> None:
    other = cast.desk.made("/procedures", **samples.procedure(code="face"))

    assert [one["id"] for one in cast.desk.get("/procedures", code="face").get_json()["items"]] == [
        other["id"]
    ]


@pytest.mark.parametrize("change", [{"code": "NEW"}, {"family": "NEW"}, {"areas": ["NECK"]}])
def test_what_past_sessions_are_judged_by_is_fixed_once_booked(cast: Cast, change: dict[str, object]) -> None:
    path = f"/procedures/{cast.procedure['id']}"

    assert cast.desk.patch(path, change).status_code == 200
    cast.book("2027-02-01T10:00:00Z")
    refused = cast.desk.patch(path, {name: "OTHER" if name != "areas" else ["FACE"] for name in change})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "in_use")
    assert cast.desk.patch(path, {"name": "Another name"}).status_code == 200


def test_the_event_that_a_session_counts_as_is_fixed_once_booked(cast: Cast) -> None:
    path = f"/procedures/{cast.procedure['id']}"
    before = cast.desk.patch(path, {"counts_as": "ipl"})
    cast.book("2027-02-01T10:00:00Z")
    after = cast.desk.patch(path, {"counts_as": None})

    assert before.status_code == 200
    assert (after.status_code, after.get_json()["code"]) == (409, "in_use")
