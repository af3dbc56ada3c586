"""The page of webhooks lists every event and attempt, and its way to verify a signature works."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from config import PROJECT
from models.webhooks import EVENT_TYPES, PING
from sync.webhooks.payloads import Parcel, headers
from sync.webhooks.retries import PAUSES
from tests.docs.pages import blocks, first_codes, section

PAGE = PROJECT / "docs" / "webhooks.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"ping","data":{}}'
UNITS = {"second": 1, "minute": 60, "hour": 3600}

Read = Callable[[str, dict[str, str], bytes], Any]


def signed(*secrets: str, ago: timedelta = timedelta()) -> dict[str, str]:
    """Sign a message as the product does."""
    now, some = datetime.now(UTC), UUID(int=1)
    parcel = Parcel(
        delivery_id=some,
        endpoint_id=some,
        id=some,
        url="",
        body=BODY,
        secrets=secrets,
        tries=0,
        leased_until=now,
    )
    return headers(parcel, now - ago)


def in_python(secret: str, sent: dict[str, str], body: bytes) -> Any:
    """Run the page's Python."""
    names: dict[str, Any] = {}
    exec(blocks(section(PAGE, "Verify the signature"), "python")[0], names)  # noqa: S102 - our own page
    return names["read"](secret, sent, body)


def assert_reads(read: Read) -> None:
    """Insist that a way to verify takes what is signed with the secret, and nothing else."""
    message = json.loads(BODY)
    late = timedelta(minutes=6)

    assert read(SECRET, signed(SECRET), BODY) == message
    assert read(SECRET, signed(OTHER, SECRET), BODY) == message
    assert read(SECRET, signed(OTHER), BODY) is None
    assert read(SECRET, signed(SECRET), BODY + b" ") is None
    assert read(SECRET, signed(SECRET, ago=late), BODY) is None


def test_the_way_to_verify_a_signature_in_python_knows_ours_from_others() -> None:
    assert_reads(in_python)


def test_every_event_has_its_row_in_the_order_of_the_code() -> None:
    assert first_codes(section(PAGE, "What arrives")) == [*EVENT_TYPES, PING]


def test_every_attempt_has_its_row() -> None:
    lines = section(PAGE, "At least once, and in which order").splitlines()
    told = [row.strip("| ").split(" | ") for row in lines if row.startswith("| ") and row[2].isdigit()]
    seconds = [int(number) * UNITS[unit.rstrip("s")] for number, unit in (one[1].split() for one in told[1:])]

    assert [int(row[0]) for row in told] == list(range(1, len(PAUSES) + 2))
    assert seconds == [pause.total_seconds() for pause in PAUSES]
