"""Preview and apply disruptions, by default the illness of a therapist on a morning."""

from typing import Any

from werkzeug.test import TestResponse

from tests.support.cast import (
    Clinic,
    Made,
)
from tests.support.times import DAY

MORNING = {"starts_at": f"{DAY}T09:00:00Z", "ends_at": f"{DAY}T13:00:00Z"}


def ill(clinic: Clinic, **fields: Any) -> Made:
    """Give the body of a disruption: the clinic's therapist is ill in the morning."""
    body = {"resource_id": clinic.therapist["id"]} | MORNING | fields
    return {name: value for name, value in body.items() if value is not None}


def previewed(clinic: Clinic, body: Made) -> list[Made]:
    """Preview a disruption and insist on 200; give the affected visits."""
    answer = clinic.desk.post("/disruptions/preview", body)
    assert answer.status_code == 200, answer.text
    items: list[Made] = answer.get_json()["items"]
    return items


def proposals(clinic: Clinic, body: Made) -> list[tuple[str, str, int] | None]:
    """Give the proposal of each affected visit: its kind, its clock time and the minutes that it moves."""
    return [
        one and (one["kind"], one["starts_at"][11:16], one["minutes_moved"])
        for one in (item["proposal"] for item in previewed(clinic, body))
    ]


def accepting(*items: Made) -> list[Made]:
    """Give the acceptance of what is proposed for these visits."""
    return [
        {
            "appointment_id": item["appointment_id"],
            "version": item["version"],
            **{name: item["proposal"][name] for name in ("starts_at", "therapist_id", "room_id")},
        }
        for item in items
    ]


def apply(clinic: Clinic, body: Made, accept: list[Made]) -> TestResponse:
    """Apply a disruption."""
    return clinic.desk.post("/disruptions/apply", body | {"accept": accept})


def applied(clinic: Clinic, body: Made, *items: Made) -> Made:
    """Apply a disruption with what is proposed for these visits, and insist on 200."""
    answer = apply(clinic, body, accepting(*items))
    assert answer.status_code == 200, answer.text
    done: Made = answer.get_json()
    return done
