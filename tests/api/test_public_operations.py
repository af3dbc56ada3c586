"""A table of all that publishable keys, booking tokens and links may do: everything else is refused."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import pytest
from flask import Flask

from api.state import state_of
from tests.support.cast import Clinic, Made
from tests.support.online import Visitor, visitor_of
from tests.support.openapi import operations
from tests.support.widgets import ORIGIN

# With a publishable key alone, from its origin.
WITH_A_KEY: Final = {
    "list_locations", "get_location", "list_procedures", "get_procedure", "list_therapists", "get_therapist",
    "list_slots", "list_days", "get_next_slot",
    "create_hold", "get_hold", "extend_hold", "delete_hold",
    "send_booking_code", "verify_booking_code",
    "get_own_key",
}  # fmt: skip
# With a booking token beside the key, too.
WITH_A_TOKEN: Final = {
    "explain_slot",
    "list_appointments", "get_appointment", "create_appointment",
    "confirm_appointment", "cancel_appointment", "reschedule_appointment",
    "create_waitlist_entry", "accept_waitlist_entry", "decline_waitlist_entry",
}  # fmt: skip
# With the token of a link that allows everything, and no key.
WITH_A_LINK: Final = {
    "get_appointment", "confirm_appointment", "cancel_appointment", "reschedule_appointment",
    "list_slots", "list_days", "get_next_slot", "explain_slot",
}  # fmt: skip
# Needs no key at all.
OPEN: Final = {"get_health", "get_readiness"}
# What only a clinic's own people may see, as words of an answer's members.
INNER: Final = (
    "notes", "flags", "overrides", "cancellation", "because", "overridable_by", "email", "born_on",
    "skin_type", "working_hours", "rule_id", "medical_hold", "max_depth_mm",
)  # fmt: skip


def every_operation(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each operation with its path below /v1 filled with an id that nobody has."""
    document = app.test_client().get("/openapi.json").get_json()
    for path, method, operation in operations(document):
        filled = "/".join(str(uuid4()) if "{" in part else part for part in path.split("/"))
        yield filled, method.upper(), operation


def refused(app: Flask, headers: dict[str, str]) -> set[str]:
    """Send every operation without a body; give those that are refused by who asks alone."""
    client, found = app.test_client(), set()
    for number, (path, method, operation) in enumerate(every_operation(app)):
        sent = {**headers, "Idempotency-Key": str(uuid4())}
        # So many at once are more than one visitor may ask for.
        state_of(app).limits.reset()
        address = {"REMOTE_ADDR": f"198.51.100.{number % 200}"}
        body = None if method in {"GET", "DELETE"} else {}
        answer = client.open(path, method=method, headers=sent, json=body, environ_overrides=address)
        assert answer.status_code != HTTPStatus.TOO_MANY_REQUESTS
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.status_code in {401, 403}:
            found.add(operation["operationId"])
    return found


@pytest.fixture
def known(clinic: Clinic) -> Visitor:
    """Give a visitor who has proved to be the clinic's patient."""
    clinic.desk.patch(f"/patients/{clinic.patient['id']}", {"email": "ada@example.org"})
    return visitor_of(clinic).verified(email="ada@example.org")[0]


def names(app: Flask) -> set[str]:
    """Give the names of all operations."""
    return {operation["operationId"] for _, _, operation in every_operation(app)}


def test_a_publishable_key_may_do_what_the_table_says(app: Flask, clinic: Clinic) -> None:
    visitor = visitor_of(clinic)
    headers = {"Authorization": f"Bearer {visitor.desk.key}", "Origin": ORIGIN}

    assert names(app) - refused(app, headers) == WITH_A_KEY | OPEN


def test_a_booking_token_may_do_what_the_table_says(app: Flask, known: Visitor) -> None:
    headers = {"Authorization": f"Bearer {known.desk.key}", **known.headers}

    assert names(app) - refused(app, headers) == WITH_A_KEY | WITH_A_TOKEN | OPEN


def test_a_link_may_do_what_the_table_says(app: Flask, clinic: Clinic) -> None:
    visit = clinic.booked("2027-03-01T10:00:00Z")
    every = ["confirm", "cancel", "reschedule"]
    url = clinic.desk.made(f"/appointments/{visit['id']}/links", actions=every)["url"]

    assert names(app) - refused(app, {"X-Booking-Token": url.rpartition("/")[2]}) == WITH_A_LINK | OPEN


def test_nobody_else_does_anything(app: Flask) -> None:
    assert names(app) - refused(app, {}) == OPEN


def test_the_document_says_who_may(app: Flask) -> None:
    told = {one["operationId"]: one for _, _, one in every_operation(app) if one["security"]}
    with_token = {
        name for name, one in told.items() if {"bearer": [], "booking_token": []} in one["security"]
    }
    with_link = {name for name, one in told.items() if {"booking_token": []} in one["security"]}

    assert WITH_A_TOKEN <= with_token <= WITH_A_TOKEN | WITH_A_KEY
    assert with_link == WITH_A_LINK


def test_no_answer_to_a_widget_has_what_is_the_clinics_own(known: Visitor, clinic: Clinic) -> None:
    visit: Made = known.post("/appointments", clinic.wish("2027-03-01T10:00:00Z")).get_json()
    asked = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    answers = [
        known.get("/therapists"),
        known.get("/appointments"),
        known.get(f"/appointments/{visit['id']}"),
        known.get("/availability/next", **asked),
        known.post("/waitlist", asked | {"patient_id": clinic.patient["id"]}),
        known.get("/availability/explain", **asked, starts_at="2027-03-01T03:00:00Z"),
        known.post("/appointments", clinic.wish("2027-03-01T10:00:00Z")),
        known.act("cancel", visit, reason_code="patient"),
    ]

    for answer in answers:
        assert answer.status_code in {200, 201, 409}, answer.text
        assert [word for word in INNER if f'"{word}"' in answer.text] == []
