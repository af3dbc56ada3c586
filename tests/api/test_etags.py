"""Entity tags on answers and preconditions on requests."""

from urllib.parse import urlencode

import pytest

from tests.api.toys import TOY_ID
from tests.support.cast import Clinic, pointers
from tests.support.desk import Desk

TOY = f"/toys/{TOY_ID}"


def test_an_object_carries_its_version_as_its_etag(child: Desk) -> None:
    assert child.get(TOY).headers["ETag"] == '"7"'


def test_a_created_object_carries_its_etag_and_its_place(child: Desk) -> None:
    answer = child.post("/toys", {"name": "ball"})

    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/v1/toys/{TOY_ID}"


@pytest.mark.parametrize("tag", ['"7"', 'W/"7"', '"6", "7"', "*"])
def test_who_has_the_version_gets_304_and_no_body(child: Desk, tag: str) -> None:
    answer = child.request("GET", TOY, {"If-None-Match": tag})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == '"7"'


@pytest.mark.parametrize("tag", ['"6"', "", '"77"'])
def test_who_has_another_version_gets_this_one(child: Desk, tag: str) -> None:
    answer = child.request("GET", TOY, {"If-None-Match": tag})

    assert answer.get_json()["version"] == 7


def test_head_answers_like_get_without_the_body(child: Desk) -> None:
    answer = child.request("HEAD", TOY)

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", '"7"')


@pytest.mark.parametrize(
    ("headers", "body", "version"),
    [
        ({"If-Match": '"7"'}, {}, 8),
        ({"If-Match": 'W/"7"'}, {}, 8),
        ({"If-Match": '"7-0123456789abcdef"'}, {}, 8),
        ({}, {"version": 7}, 8),
        ({"If-Match": '"7"'}, {"version": 7}, 8),
        ({"If-Match": "*"}, {}, 7),
        ({"If-Match": "*"}, {"version": 3}, 4),
    ],
)
def test_the_version_comes_by_header_or_by_body(
    child: Desk, headers: dict[str, str], body: dict[str, int], version: int
) -> None:
    answer = child.request("PATCH", TOY, headers, json={"name": "ball", **body})

    assert answer.get_json()["version"] == version


@pytest.mark.parametrize("tag", ["W/7", "7", '""', '"abc"', '"-7"', '"99999999999999999999"', '"7.0"', '"0"'])
def test_a_tag_that_no_object_of_ours_has_is_412(child: Desk, tag: str) -> None:
    assert child.request("PATCH", TOY, {"If-Match": tag}, json={}).status_code == 412


def test_a_header_and_a_body_that_disagree_are_412(child: Desk) -> None:
    assert child.request("PATCH", TOY, {"If-Match": '"7"'}, json={"version": 6}).status_code == 412


@pytest.mark.parametrize("tag", ['"7", "8"', ""])
def test_anything_but_one_tag_is_422(child: Desk, tag: str) -> None:
    answer = child.request("PATCH", TOY, {"If-Match": tag}, json={})

    assert pointers(answer) == ["If-Match"]


def test_no_version_where_one_is_needed_is_428(child: Desk) -> None:
    answer = child.patch(TOY, {"name": "ball"})

    assert (answer.status_code, answer.get_json()["code"]) == (428, "version_required")


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/rooms", "private, no-cache"),
        ("/availability/days?{question}", "private, no-cache"),
        ("/availability/days?{question}&patient_id={patient_id}", "private, no-store"),
        ("/patients", "private, no-store"),
        ("/patients/{patient_id}", "private, no-store"),
        ("/patients/{patient_id}/treatments", "private, no-store"),
        ("/appointments", "private, no-store"),
        ("/appointments/{none}", "private, no-store"),
        ("/courses", "private, no-store"),
        ("/waitlist", "private, no-store"),
        ("/audit", "private, no-store"),
        ("/changes", "no-store"),
    ],
)
def test_no_cache_keeps_what_is_about_a_patient(clinic: Clinic, path: str, kept: str) -> None:
    question = urlencode(
        {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
        | {"from": "2027-03-01", "until": "2027-03-02"}
    )
    ids = {"patient_id": clinic.patient["id"], "none": clinic.patient["id"], "question": question}

    assert clinic.desk.request("GET", path.format(**ids)).headers["Cache-Control"] == kept


def test_a_record_that_no_cache_keeps_is_still_read_conditionally(clinic: Clinic) -> None:
    path = f"/patients/{clinic.patient['id']}"
    answer = clinic.desk.request("GET", path, {"If-None-Match": clinic.desk.get(path).headers["ETag"]})

    assert (answer.status_code, answer.headers["Cache-Control"]) == (304, "private, no-store")
