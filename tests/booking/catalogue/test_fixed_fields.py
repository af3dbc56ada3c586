"""Fields that are fixed when an object is made: they may be sent as they are, never changed."""

from tests.support import samples
from tests.support.catalogue_cast import Cast

FIXED = "Cannot be changed."


def test_a_rooms_location_is_fixed(cast: Cast) -> None:
    room = cast.desk.made("/rooms", **samples.room(cast.location["id"], name="Annex"))
    other = cast.desk.made("/locations", name="Other", timezone="Europe/London")
    path = f"/rooms/{room['id']}"

    same = cast.desk.patch(path, {"location_id": room["location_id"]})
    changed = cast.desk.patch(path, {"location_id": other["id"]})

    assert (same.status_code, same.get_json()["version"]) == (200, 1)
    assert changed.status_code == 422
    assert changed.get_json()["errors"] == [{"pointer": "/location_id", "message": FIXED}]


def test_a_blocks_resource_is_fixed(cast: Cast) -> None:
    block = cast.desk.made("/blocks", **samples.block(cast.therapist["id"]))
    room = cast.desk.made("/rooms", **samples.room(cast.location["id"], name="Annex"))
    path = f"/blocks/{block['id']}"

    same = cast.desk.patch(path, {"resource_id": block["resource_id"], "reason": "Meeting"})
    changed = cast.desk.patch(path, {"resource_id": room["id"]})

    assert (same.status_code, same.get_json()["reason"]) == (200, "Meeting")
    assert changed.status_code == 422
    assert changed.get_json()["errors"] == [{"pointer": "/resource_id", "message": FIXED}]


def test_a_version_that_is_gone_is_told_before_what_cannot_be_changed(cast: Cast) -> None:
    room = cast.desk.made("/rooms", **samples.room(cast.location["id"], name="Annex"))
    elsewhere = {"location_id": cast.therapist["id"], "version": 2}

    assert cast.desk.patch(f"/rooms/{room['id']}", elsewhere).status_code == 412


def test_an_object_can_be_sent_back_as_it_is(cast: Cast) -> None:
    made = cast.desk.made("/spacing-rules", **samples.spacing_rule())
    writable = {
        name: value
        for name, value in made.items()
        if name not in {"id", "version", "created_at", "updated_at", "affected"}
    }

    answer = cast.desk.patch(f"/spacing-rules/{made['id']}", writable)

    assert (answer.status_code, answer.get_json()["version"]) == (200, 1)


def test_an_external_calendars_kind_is_fixed(cast: Cast) -> None:
    path = f"/therapists/{cast.therapist['id']}/external-calendars"
    made = cast.desk.made(path, url="https://8.8.8.8/busy.ics")

    same = cast.desk.patch(f"{path}/{made['id']}", {"kind": "ics"})
    changed = cast.desk.patch(f"{path}/{made['id']}", {"kind": "caldav"})

    assert (same.status_code, same.get_json()["kind"]) == (200, "ics")
    assert changed.status_code == 422
    assert changed.get_json()["errors"] == [{"pointer": "/kind", "message": FIXED}]
