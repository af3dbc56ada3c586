"""Treatments elsewhere: which events, on which areas and dates, and whose they are."""

from collections.abc import Callable
from typing import Any

import pytest

from scheduling.clinical import TREATMENT_EVENTS
from tests.support import samples
from tests.support.catalogue_cast import Cast, Rows
from tests.support.desk import Desk
from tests.support.refusals import refused_pointers

MALFORMED = [
    ({"event": "massage"}, "/event"),
    ({"event": None}, "/event"),
    ({"areas": ["NOSE"]}, "/areas/0"),
    ({"areas": ["FACE", "FACE"]}, "/areas"),
    ({"areas": None}, "/areas"),
    ({"on": "2027-01-05"}, "/on"),
    ({"on": "2027-02-30"}, "/on"),
    ({"on": "04/01/2027"}, "/on"),
    ({"on": None}, "/on"),
    ({"patient_id": "me"}, "/patient_id"),
]


def path_of(cast: Cast) -> str:
    return f"/patients/{cast.patient['id']}/treatments"


@pytest.mark.parametrize("event", TREATMENT_EVENTS)
def test_every_event_of_the_list_is_taken(cast: Cast, event: str) -> None:
    made = cast.desk.made(path_of(cast), event=event, on="2026-12-20")

    assert (made["event"], made["areas"], made["on"]) == (event, [], "2026-12-20")
    assert (made["patient_id"], made["affected"]) == (cast.patient["id"], [])


@pytest.mark.parametrize(("fields", "pointer"), MALFORMED)
def test_a_malformed_treatment_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, path_of(cast), samples.treatment(**fields)) == [pointer]


def test_a_treatment_needs_its_event_and_its_date(cast: Cast) -> None:
    assert sorted(refused_pointers(cast, path_of(cast), {})) == ["/event", "/on"]


@pytest.mark.parametrize(
    ("now", "elsewhere", "latest"),
    [
        ("2027-01-04T23:59:59Z", None, "2027-01-04"),
        ("2027-01-05T00:00:00Z", None, "2027-01-05"),
        ("2027-01-05T13:30:00+14:00", None, "2027-01-04"),
        ("2027-01-04T10:59:59Z", "Pacific/Auckland", "2027-01-04"),
        ("2027-01-04T11:00:00Z", "Pacific/Auckland", "2027-01-05"),
    ],
)
def test_the_future_begins_where_it_is_tomorrow_at_none_of_the_clinics_places(
    cast: Cast, now: str, elsewhere: str | None, latest: str
) -> None:
    if elsewhere is not None:
        cast.desk.made("/locations", **samples.location(timezone=elsewhere))
    desk = cast.desk.at(now)
    beyond = f"{latest[:-1]}{int(latest[-1]) + 1}"

    assert desk.post(path_of(cast), samples.treatment(on=latest)).status_code == 201
    assert desk.post(path_of(cast), samples.treatment(on=beyond)).status_code == 422


def test_an_important_event_may_lie_ahead(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), event="important_event", on="2027-06-19")
    path = f"{path_of(cast)}/{made['id']}"
    turned = cast.desk.patch(path, {"event": "waxing"})

    assert [error["pointer"] for error in turned.get_json()["errors"]] == ["/on"]
    assert cast.desk.patch(path, {"event": "waxing", "on": "2027-01-03"}).status_code == 200


def test_every_field_can_be_changed(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), **samples.treatment())
    change = {"event": "isotretinoin", "areas": [], "on": "2026-11-01"}
    changed = cast.desk.patch(f"{path_of(cast)}/{made['id']}", change).get_json()

    assert {name: changed[name] for name in change} == change
    assert (changed["version"], changed["affected"]) == (2, [])


def test_a_date_that_is_not_touched_is_not_judged_again(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), **samples.treatment(on="2027-01-04"))
    earlier = cast.desk.at("2026-06-01T08:00:00Z")

    assert earlier.patch(f"{path_of(cast)}/{made['id']}", {"areas": ["NECK"]}).status_code == 200


def test_each_patient_has_treatments_of_their_own(cast: Cast) -> None:
    made = cast.desk.made(path_of(cast), **samples.treatment())
    other = cast.desk.made("/patients", **samples.patient(name="Carla Cole"))
    theirs = f"/patients/{other['id']}/treatments"

    assert cast.desk.get(theirs).get_json()["items"] == []
    assert cast.desk.get(f"{theirs}/{made['id']}").status_code == 404
    assert cast.desk.delete(f"{theirs}/{made['id']}").status_code == 404


def test_another_clinics_patient_is_not_found(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    stranger = make_cast().desk

    assert stranger.get(path_of(cast)).status_code == 404
    assert stranger.post(path_of(cast), samples.treatment()).status_code == 404
    assert cast.desk.get(path_of(cast)).get_json()["items"] == []


def test_a_key_of_one_location_sees_a_patients_treatments(cast: Cast, desk_with: Callable[..., Desk]) -> None:
    made = cast.desk.made(path_of(cast), **samples.treatment())
    limited = desk_with(cast, "patients:read", location_ids=[cast.location["id"]])

    assert [one["id"] for one in limited.get(path_of(cast)).get_json()["items"]] == [made["id"]]


def test_the_audit_log_names_the_fields_and_none_of_their_values(cast: Cast, rows: Rows) -> None:
    made = cast.desk.made(path_of(cast), **samples.treatment())
    cast.desk.patch(f"{path_of(cast)}/{made['id']}", {"event": "isotretinoin"})
    entries = rows(
        cast.desk,
        "SELECT action, changes FROM audit_log WHERE subject_id = %(id)s ORDER BY id",
        id=made["id"],
    )

    assert [action for action, _ in entries] == ["treatment.created", "treatment.changed"]
    assert [list(changes) for _, changes in entries] == [["fields"]] * 2
    assert entries[1][1] == {"fields": ["event"]}
