"""Therapists: qualifications, working hours at several locations, what a widget sees."""

from collections.abc import Callable
from typing import Any

from tests.support import samples
from tests.support.cast import UNKNOWN_ID, pointers, working
from tests.support.catalogue_cast import Cast
from tests.support.desk import Desk
from tests.support.pages import items_page_by_page
from tests.support.widgets import ORIGIN, create_widget


def test_a_therapist_needs_a_name_and_nothing_else(desk: Desk) -> None:
    made = desk.made("/therapists", name="Alice Archer")

    assert (made["treats"], made["qualifications"], made["working_hours"]) == (True, [], [])


def test_depths_are_one_number_or_one_by_area(cast: Cast) -> None:
    qualifications = [
        {"code": "A", "max_depth_mm": 1.5},
        {"code": "B", "max_depth_mm": {"FACE": 1, "SCALP": 0.5}},
    ]
    made = cast.desk.made(
        "/therapists", **samples.therapist(cast.location["id"], qualifications=qualifications)
    )

    assert [one["max_depth_mm"] for one in made["qualifications"]] == [1.5, {"FACE": 1.0, "SCALP": 0.5}]


def test_staff_are_listed_by_where_they_work(cast: Cast) -> None:
    there = cast.desk.made("/locations", **samples.location(name="There"))
    both = samples.therapist(there["id"])["working_hours"] + cast.therapist["working_hours"]
    other = cast.desk.made("/therapists", **samples.therapist(there["id"], working_hours=both))

    def found(**query: str) -> list[str]:
        return [one["id"] for one in cast.desk.get("/therapists", **query).get_json()["items"]]

    assert found(location_id=there["id"]) == [other["id"]]
    assert found(location_id=cast.location["id"]) == [cast.therapist["id"], other["id"]]


QUALIFIED = {
    "everywhere": {},
    "here": {"location_id": "here"},
    "until today": {"valid_until": "2027-01-04"},
    "from today": {"valid_from": "2027-01-04"},
    "to the depth": {"max_depth_mm": 1.5},
}
UNQUALIFIED = {
    "there": {"location_id": "there"},
    "until yesterday": {"valid_until": "2027-01-03"},
    "from tomorrow": {"valid_from": "2027-01-05"},
    "not so deep": {"max_depth_mm": {"FACE": 1.45}},
}


def test_staff_are_listed_by_the_procedure_that_they_may_lead_today_at_a_place(cast: Cast) -> None:
    there = cast.desk.made("/locations", **samples.location(name="There"))
    places = {"here": cast.location["id"], "there": there["id"]}
    deep = cast.desk.made("/procedures", **samples.procedure(code="DEEP", depth_mm=1.5, qualifications=["X"]))

    def hired(name: str, limits: dict[str, Any], **fields: Any) -> None:
        given = {
            field: places.get(value, value) if field == "location_id" else value
            for field, value in limits.items()
        }
        body = samples.therapist(places["here"], qualifications=[{"code": "X"} | given])
        cast.desk.made("/therapists", **body | {"name": name} | fields)

    for name, limits in (QUALIFIED | UNQUALIFIED).items():
        hired(name, limits)
    hired("helps", {}, treats=False)
    hired("left", {}, active=False)
    hired("works there", {}, working_hours=working(there))
    query = {"procedure_id": deep["id"]}
    here = items_page_by_page(cast.desk, "/therapists", limit=2, location_id=places["here"], **query)
    anywhere = cast.desk.get("/therapists", **query).get_json()["items"]

    assert [one["name"] for one in here] == list(QUALIFIED)
    assert [one["name"] for one in anywhere] == [*QUALIFIED, "there", "works there"]
    assert cast.desk.get("/therapists", procedure_id=UNKNOWN_ID).get_json()["items"] == []
    assert pointers(cast.desk.get("/therapists", procedure_id="DEEP")) == ["?procedure_id"]


def test_today_is_the_date_at_the_location(cast: Cast) -> None:
    """It is Monday evening in London and Tuesday in Sydney."""
    sydney = cast.desk.made("/locations", **samples.location(timezone="Australia/Sydney"))
    tuesday = [{"code": "BBP", "valid_from": "2027-01-05"}]
    at_both = [*working(sydney), *working(cast.location)]
    made = cast.desk.made("/therapists", name="Bo", qualifications=tuesday, working_hours=at_both)
    desk = cast.desk.at("2027-01-04T18:00:00Z")

    def found(place: dict[str, Any]) -> list[str]:
        query = {"procedure_id": cast.procedure["id"], "location_id": place["id"]}
        return [one["id"] for one in desk.get("/therapists", **query).get_json()["items"]]

    assert found(sydney) == [made["id"]]
    assert found(cast.location) == [cast.therapist["id"]]


def test_the_lists_that_a_change_does_not_name_stay(cast: Cast) -> None:
    changed = cast.desk.patch(f"/therapists/{cast.therapist['id']}", {"qualifications": []}).get_json()

    assert changed["qualifications"] == []
    assert changed["working_hours"] == cast.therapist["working_hours"]


def test_another_clinics_location_in_a_nested_list_is_not_found(
    cast: Cast, make_cast: Callable[[], Cast]
) -> None:
    theirs = make_cast().location["id"]
    working = cast.desk.post("/therapists", samples.therapist(theirs))
    qualified = cast.desk.patch(
        f"/therapists/{cast.therapist['id']}",
        {"qualifications": [{"code": "BBP"}, {"code": "MN_SUP", "location_id": theirs}]},
    )

    assert (working.status_code, qualified.status_code) == (404, 404)
    assert working.get_json()["errors"][0]["pointer"] == "/working_hours/0/location_id"
    assert qualified.get_json()["errors"][0]["pointer"] == "/qualifications/1/location_id"


def test_a_therapist_who_treated_cannot_be_deleted(cast: Cast) -> None:
    cast.book("2027-02-01T10:00:00Z")

    assert cast.desk.delete(f"/therapists/{cast.therapist['id']}").get_json()["code"] == "in_use"


def test_a_widget_sees_of_therapists_their_names_alone(cast: Cast) -> None:
    widget = create_widget(cast.desk, "catalog:read")
    sent = {"Origin": ORIGIN}
    shown = {"id": cast.therapist["id"], "name": "Alice Archer"}

    assert widget.request("GET", "/therapists", sent).get_json()["items"] == [shown]
    assert widget.request("GET", f"/therapists/{cast.therapist['id']}", sent).get_json() == shown


def test_a_widget_reads_locations_and_procedures_and_nothing_else(cast: Cast) -> None:
    widget = create_widget(cast.desk, "catalog:read")

    def status(path: str) -> int:
        return widget.request("GET", path, {"Origin": ORIGIN}).status_code

    assert [status(path) for path in ("/locations", "/procedures")] == [200, 200]
    assert {status(path) for path in ("/rooms", "/devices", "/blocks", "/spacing-rules", "/patients")} == {
        403
    }
