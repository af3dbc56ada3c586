"""Ask whether a visit may be booked, and from which date."""

from typing import Any

from werkzeug.test import TestResponse

from tests.support.cast import Clinic, Made


def verdict(clinic: Clinic, starts_at: str, **fields: Any) -> Made:
    """Judge a visit without booking it."""
    return _body(clinic.desk.post("/appointments/validate", clinic.wish(starts_at, **fields)))


def eligibility(clinic: Clinic, **query: Any) -> Made:
    """Ask from when the clinic's patient may have its procedure."""
    asked = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    return _body(clinic.desk.get(f"/patients/{clinic.patient['id']}/eligibility", **asked | query))


def _body(answer: TestResponse) -> Made:
    assert answer.status_code == 200, answer.text
    found: Made = answer.get_json()
    return found
