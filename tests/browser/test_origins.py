"""The browser lets pages of a key's own origins alone use the API, with all the headers that they need."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.visitor import Visitor
from tests.support.cast import Clinic

Open = Callable[..., Visitor]
ADA = "ada@example.org"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_origin_reads_nothing(
    clinic: Clinic, opened: Open, origins: tuple[str, str], method: str
) -> None:
    visitor = opened(clinic, origin=origins[1])
    visitor.reads("The clinic cannot be reached. Try again later.")
    path, body = ("/locations", None) if method == "GET" else ("/booking-tokens", {"email": ADA})
    answer = visitor.fetches(path, method, body, **{"Content-Type": "application/json"})

    assert answer == {"error": "TypeError"}
    assert visitor.wrong
    assert all("has been blocked by CORS policy" in one for one in visitor.wrong)


def test_a_script_sends_versions_and_tokens_and_reads_what_it_goes_on_with(
    clinic: Clinic, opened: Open
) -> None:
    visitor = opened(clinic)
    visitor.clicks("Show my visits")
    visitor.proves(ADA)
    visitor.reads("Welcome.")
    keyed = {"X-Booking-Token": visitor.token, "Content-Type": "application/json"}
    starts_at = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT10:00:00Z}"
    wish = clinic.wish(starts_at, patient_id=None) | {
        "patient": {"name": "Ada Lovelace", "born_on": "1990-05-01"}
    }
    made = visitor.fetches("/appointments", "POST", wish, **keyed, **{"Idempotency-Key": "one"})
    again = visitor.fetches("/appointments", "POST", wish, **keyed, **{"Idempotency-Key": "one"})
    path = f"/appointments/{made['body']['id']}"
    seen = visitor.fetches(path, **keyed, **{"If-None-Match": made["headers"]["etag"]})
    done = {"Idempotency-Key": "two", "If-Match": made["headers"]["etag"]}
    cancelled = visitor.fetches(f"{path}/cancel", "POST", {"reason_code": "patient"}, **keyed, **done)

    assert (made["status"], made["headers"]["location"]) == (201, f"/v1{path}")
    assert (again["status"], again["headers"]["idempotency-replayed"]) == (201, "true")
    assert seen["status"] == 304
    assert (cancelled["status"], cancelled["headers"]["etag"]) == (200, '"2"')
    assert visitor.wrong == []
