"""A key of some locations changes nothing that other locations share: every operation that writes is here."""

from typing import Any

import pytest

from tests.api.furnished import Furnished, furnish
from tests.support.cast import Made, working
from tests.support.copying import Copied
from tests.support.desk import Desk

ELSEWHERE_TOO = "The therapist works at other locations too: only hours here can be changed."
# Of every location: a key of some is told so, by 403.
SHARED = frozenset({
    "update_clinic", "create_location", "create_procedure", "update_procedure", "delete_procedure",
    "create_spacing_rule", "update_spacing_rule", "delete_spacing_rule", "update_hold_rule",
    "create_course_template", "update_course_template", "delete_course_template",
    "update_message_template", "merge_patient", "anonymise_patient", "update_therapist", "delete_therapist",
    "create_external_calendar", "create_app_password", "delete_app_password", "create_webhook",
    "update_webhook", "delete_webhook", "redeliver", "redeliver_webhook", "ping_webhook",
    "rotate_webhook_secret",
})  # fmt: skip
# Of a therapist at every location: hidden from a key of some.
HIDDEN = frozenset(["update_external_calendar", "delete_external_calendar", "refresh_external_calendar"])
# Of a location of the key's, or of a patient, who may come to any.
OWN = frozenset({
    "create_api_key", "update_api_key", "revoke_api_key", "rotate_api_key", "update_location",
    "delete_location", "create_closure", "update_closure", "delete_closure", "create_special_opening_day",
    "update_special_opening_day", "delete_special_opening_day", "create_special_working_day",
    "update_special_working_day", "delete_special_working_day", "create_room", "update_room",
    "delete_room", "create_device", "update_device", "delete_device", "create_therapist", "create_block",
    "update_block", "delete_block", "create_calendar_feed", "revoke_calendar_feed", "rotate_calendar_feed",
    "send_booking_code", "verify_booking_code",
    "create_appointment", "create_appointment_link", "delete_appointment_links",
    "swap_appointments", "create_appointments_together", "validate_appointment",
    "update_appointment", "arrive_appointment", "cancel_appointment", "complete_appointment",
    "confirm_appointment", "no_show_appointment", "reassign_appointment", "reschedule_appointment",
    "start_appointment", "start_numbing_appointment", "undo_appointment", "create_hold", "delete_hold",
    "extend_hold", "apply_disruption", "preview_disruption", "mark_message_sent", "create_course",
    "update_course", "book_course", "pause_course", "plan_course", "resume_course", "shift_course",
    "create_waitlist_entry", "update_waitlist_entry", "delete_waitlist_entry", "accept_waitlist_entry",
    "decline_waitlist_entry", "create_patient", "update_patient", "delete_patient", "create_treatment",
    "update_treatment", "delete_treatment", "create_medical_hold", "update_medical_hold",
    "delete_medical_hold", "sign_off_medical_hold",
})  # fmt: skip


@pytest.fixture
def furnished(copied: Copied[Furnished]) -> Furnished:
    """Give a clinic with an object of every kind."""
    return copied(furnish)


def body_of(operation: dict[str, Any]) -> Any:
    """Give the example of an operation's body."""
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("example", {})


def writes(spec: dict[str, Any]) -> dict[str, tuple[str, str, Any]]:
    """Give the method, the path and the example of every operation that writes, by its id."""
    return {
        operation["operationId"]: (
            method.upper(),
            path.removeprefix("/v1"),
            operation.get("requestBody", {})
            .get("content", {})
            .get("application/json", {})
            .get("example", {}),
        )
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method in {"post", "patch", "put", "delete"}
    }


def test_every_operation_that_writes_is_named_once(spec: dict[str, Any]) -> None:
    assert sorted([*SHARED, *HIDDEN, *OWN]) == sorted(writes(spec))


def test_a_key_of_some_locations_changes_nothing_that_others_share(
    spec: dict[str, Any], furnished: Furnished
) -> None:
    desk, values = furnished.desk, furnished.values
    soho = desk.made("/locations", name="New", timezone="Europe/London")
    there = desk.get(f"/therapists/{values['therapist_id']}").get_json()["working_hours"]
    hours = {"working_hours": [*there, *working(soho)[5:]]}
    desk.patch(f"/therapists/{values['therapist_id']}", hours)
    key = {"name": "Key", "kind": "secret", "scopes": ["admin"], "location_ids": [values["location_id"]]}
    limited = desk.using(desk.made("/api-keys", **key)["key"])
    answers = {}
    for name in SHARED | HIDDEN:
        method, path, example = writes(spec)[name]
        named = path.format_map(furnished.values_for(path))
        headers = {"If-Match": "*"} if method in {"PATCH", "DELETE"} else {}
        body = {} if method == "DELETE" else {"json": example}
        answers[name] = limited.request(method, named, headers, **body).get_json()["code"]

    assert answers == dict.fromkeys(SHARED, "other_locations") | dict.fromkeys(HIDDEN, "not_found")


def limited_to(desk: Desk, *locations: Made) -> Desk:
    """Give a desk with an administrator's key of these locations."""
    places = [one["id"] for one in locations]
    made = desk.made("/api-keys", name="Key", kind="secret", scopes=["admin"], location_ids=places)
    return desk.using(made["key"])


def test_of_a_therapist_who_works_elsewhere_too_a_key_changes_only_the_hours_here(desk: Desk) -> None:
    here, there = (desk.made("/locations", name=name, timezone="Europe/London") for name in "AB")
    limited = limited_to(desk, here)
    own, both = (
        desk.made("/therapists", name="Ada", working_hours=hours)
        for hours in (working(here)[:2], [*working(here)[:2], *working(there)[2:4]])
    )
    path, elsewhere = f"/therapists/{both['id']}", both["working_hours"][2:]
    more = working(here)[:1] + elsewhere

    assert limited.patch(f"/therapists/{own['id']}", {"name": "Ada Byron"}).status_code == 200
    assert limited.patch(path, {"working_hours": more}).get_json()["working_hours"] == [
        both["working_hours"][0], *elsewhere
    ]  # fmt: skip
    assert limited.patch(path, {"working_hours": working(here)[:1]}).get_json()["code"] == "other_locations"
    assert limited.patch(path, {"working_hours": more + working(there)[4:5]}).status_code == 403
    assert limited.patch(path, {"name": "Ada Byron"}).get_json()["detail"] == ELSEWHERE_TOO
    assert limited.patch(path, {"active": False}).status_code == 403
    assert limited.delete(path).status_code == 403
    assert limited.delete(f"/therapists/{own['id']}").status_code == 204


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "status"),
    [
        ("2027-03-01T00:00:00Z", "2027-03-03T09:00:00Z", 201),  # Monday, up to the hours there
        ("2027-03-03T09:00:00Z", "2027-03-03T09:05:00Z", 403),  # Wednesday, when the hours there begin
        ("2027-03-03T16:55:00Z", "2027-03-03T17:05:00Z", 403),
        ("2027-03-03T17:00:00Z", "2027-03-04T09:00:00Z", 201),
        ("2027-03-01T00:00:00Z", "2027-03-08T00:00:00Z", 403),
    ],
)
def test_a_block_of_a_therapist_takes_no_time_at_another_location(
    desk: Desk, starts_at: str, ends_at: str, status: int
) -> None:
    here, there = (desk.made("/locations", name=name, timezone="Europe/London") for name in "AB")
    hours = [*working(here)[:2], *working(there, "09:00", "17:00")[2:3]]
    therapist = desk.made("/therapists", name="Ada", working_hours=hours)
    limited = limited_to(desk, here)
    block = {"resource_id": therapist["id"], "starts_at": starts_at, "ends_at": ends_at, "reason": "Away"}

    answer = limited.post("/blocks", block)
    whole = desk.made(
        "/blocks", **block | {"starts_at": "2027-03-10T08:00:00Z", "ends_at": "2027-03-10T18:00:00Z"}
    )

    assert answer.status_code == status
    assert limited.delete(f"/blocks/{whole['id']}").get_json()["code"] == "other_locations"
    assert limited.patch(f"/blocks/{whole['id']}", {"ends_at": "2027-03-10T09:00:00Z"}).status_code == 403


def test_a_block_that_repeats_is_judged_on_each_of_its_days(desk: Desk) -> None:
    here, there = (desk.made("/locations", name=name, timezone="Europe/London") for name in "AB")
    hours = [*working(here)[:2], *working(there, "09:00", "17:00")[2:3]]
    therapist = desk.made("/therapists", name="Ada", working_hours=hours)
    block = {"resource_id": therapist["id"], "reason": "Lunch"}
    block |= {"starts_at": "2027-03-01T12:00:00Z", "ends_at": "2027-03-01T13:00:00Z"}
    limited = limited_to(desk, here)
    two, three = (
        {"weekdays": days, "until": "2027-04-30"} for days in (["mon", "tue"], ["mon", "tue", "wed"])
    )

    assert limited.post("/blocks", block | {"repeats": two}).status_code == 201
    assert limited.post("/blocks", block | {"repeats": three}).get_json()["code"] == "other_locations"
