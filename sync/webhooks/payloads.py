"""Writes a webhook's message of an event, and signs it by the Standard Webhooks specification."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from standardwebhooks import Webhook

# How the names of instants end in the data of events.
_INSTANTS: Final = ("_at", "_since")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A leased message, to be sent before `leased_until`; `id` is the same at every attempt.

    Each of the `secrets` signs it. `tries` is the number of attempts that have failed so far.
    """

    delivery_id: UUID
    endpoint_id: UUID
    id: UUID
    url: str
    body: bytes
    secrets: Sequence[str] = field(repr=False)
    tries: int
    leased_until: datetime


def write(kind: str, at: datetime, data: dict[str, Any], zone: ZoneInfo) -> bytes:
    """Write the JSON body; as in the API, every instant carries the zone's offset at that instant."""
    told = {name: _local(name, value, zone) for name, value in data.items()}
    return orjson.dumps({"type": kind, "timestamp": at.astimezone(zone), "data": told})


def _local(name: str, value: Any, zone: ZoneInfo) -> Any:  # noqa: ANN401 - a JSON value
    if not name.endswith(_INSTANTS) or not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value).astimezone(zone)
    except ValueError:
        # A text that is no instant is sent as it is: it must not hold up the deliveries behind it.
        return value


def headers(parcel: Parcel, now: datetime) -> dict[str, str]:
    """Sign the message for an attempt at this instant (aware)."""
    # The library would take the wall clock of another zone for UTC.
    at = now.astimezone(UTC)
    body = parcel.body.decode()
    signatures = [Webhook(secret).sign(str(parcel.id), at, body) for secret in parcel.secrets]
    return {
        "content-type": "application/json",
        "webhook-id": str(parcel.id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
