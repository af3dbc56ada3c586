"""Patients: how they are found, and where their data never goes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import samples
from tests.support.catalogue_cast import Cast


def test_a_patient_needs_a_name_and_nothing_else(cast: Cast) -> None:
    made = cast.desk.made("/patients", name="  Berta Bloom ")

    assert made["name"] == "Berta Bloom"
    assert [made[name] for name in ("email", "phone", "born_on", "external_id")] == [None] * 4


@pytest.mark.parametrize(
    "query",
    [
        {"q": "arla"},
        {"q": "CARLA c"},
        {"phone": "+442079460001"},
        {"email": "Carla@Example.org"},
        {"external_id": "EXT-1"},
        {"q": "carla", "external_id": "EXT-1"},
    ],
)
def test_patients_are_found_by_name_and_contact(cast: Cast, query: dict[str, str]) -> None:
    carla = cast.desk.made(
        "/patients",
        **samples.patient(
            name="Carla Cole", phone="+442079460001", email="carla@EXAMPLE.org", external_id="EXT-1"
        ),
    )

    assert [one["id"] for one in cast.desk.get("/patients", **query).get_json()["items"]] == [carla["id"]]


@pytest.mark.parametrize("query", [{"q": "%"}, {"q": "_erta"}, {"external_id": "ext-1"}, {"q": "x"}])
def test_a_search_takes_its_words_as_they_are(cast: Cast, query: dict[str, str]) -> None:
    cast.desk.made("/patients", **samples.patient(external_id="EXT-1"))

    assert cast.desk.get("/patients", **query).get_json()["items"] == []


def test_an_external_id_is_taken_once(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    cast.desk.made("/patients", **samples.patient(external_id="EXT-1"))
    answer = cast.desk.post("/patients", samples.patient(external_id="EXT-1"))

    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_exists")
    assert make_cast().desk.post("/patients", samples.patient(external_id="EXT-1")).status_code == 201


@pytest.mark.parametrize(
    ("born_on", "status"), [("2027-01-03", 201), ("2027-01-04", 201), ("2027-01-05", 422)]
)
def test_nobody_is_born_in_the_future(cast: Cast, born_on: str, status: int) -> None:
    assert cast.desk.post("/patients", samples.patient(born_on=born_on)).status_code == status


def test_contact_data_can_be_taken_back(cast: Cast) -> None:
    made = cast.desk.made("/patients", **samples.patient(email="b@example.org"))

    assert cast.desk.patch(f"/patients/{made['id']}", {"email": None}).get_json()["email"] is None


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_patient_with_visits_cannot_be_deleted(cast: Cast, *, cancelled: bool) -> None:
    visit = cast.book("2027-02-01T10:00:00Z")
    if cancelled:
        body = {"reason_code": "patient", "version": visit["version"]}
        assert cast.desk.post(f"/appointments/{visit['id']}/cancel", body).status_code == 200

    answer = cast.desk.delete(f"/patients/{cast.patient['id']}")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert answer.get_json()["appointment_ids"] == [visit["id"]]
    assert "active" not in answer.get_json()["detail"]


def test_a_patient_without_visits_can_be_deleted_and_whose_hold_has_ended(cast: Cast) -> None:
    own = f"/patients/{cast.patient['id']}"
    whose = {"patient_id": cast.patient["id"], "procedure_id": cast.procedure["id"]}
    cast.desk.made("/calendar-feeds", patient_id=cast.patient["id"], detail="busy")
    here = {"location_id": cast.location["id"], "starts_at": "2027-02-01T10:00:00Z"}
    held = cast.desk.made("/holds", **whose, **here)

    while_held = cast.desk.delete(own).status_code
    cast.desk.delete(f"/holds/{held['id']}")
    answers = [cast.desk.delete(own), cast.desk.get(own)]

    assert (while_held, [one.status_code for one in answers]) == (409, [204, 404])


def test_a_patient_with_a_treatment_elsewhere_is_not_deleted(cast: Cast) -> None:
    own = f"/patients/{cast.patient['id']}"
    cast.desk.made(f"{own}/treatments", **samples.treatment())

    answer = cast.desk.delete(own)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert "active" not in answer.get_json()["detail"]


def test_the_audit_log_and_the_events_hold_no_contact_data(
    cast: Cast, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    secret = samples.patient(name="Dora Dunn", email="dora@example.org", phone="+442079460002")
    made = cast.desk.made("/patients", **secret)
    cast.desk.patch(f"/patients/{made['id']}", {"name": "Dora Doe"})
    cast.desk.delete(f"/patients/{made['id']}")
    audited = rows(
        cast.desk,
        "SELECT action, changes FROM audit_log WHERE subject_id = %(id)s ORDER BY id",
        id=made["id"],
    )
    written = str(audited) + str(rows(cast.desk, "SELECT data::text FROM events"))

    assert [action for action, _ in audited] == ["patient.created", "patient.changed", "patient.deleted"]
    assert [word for word in ("Dora", "dora@", "+44") if word in written] == []
