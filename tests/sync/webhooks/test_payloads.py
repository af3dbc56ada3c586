"""A webhook's message gives its instants in the clinic's time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from sync.webhooks.payloads import write

NOON = datetime(2027, 7, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("starts_at", "2027-07-05T13:00:00+01:00"),
        ("emptied_since", "2027-07-05T13:00:00+01:00"),
        ("status", "2027-07-05T12:00:00+00:00"),
    ],
)
def test_instants_are_in_the_clinics_time(name: str, told: str) -> None:
    body = orjson.loads(write("any.event", NOON, {name: NOON.isoformat()}, ZoneInfo("Europe/London")))

    assert body["timestamp"] == "2027-07-05T13:00:00+01:00"
    assert body["data"] == {name: told}


def test_a_text_that_is_no_instant_is_sent_as_it_is() -> None:
    body = orjson.loads(write("any.event", NOON, {"starts_at": "soon"}, ZoneInfo("Europe/London")))

    assert body["data"] == {"starts_at": "soon"}
