"""Keeps the demo clinic's card: its key, the ids of the printed command, and the progress of the filling."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson

from booking.core.stored_values import read_value
from config import Settings

_FILE: Final = "demo.json"
_LOCK: Final = "demo.lock"
_OWNER_ONLY: Final = 0o600
# Two bytes of the lock file, so that a clinic can be looked up while another process is filling it.
MAKING: Final = 0
FILLING: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the demo keeps between runs; `filled` counts the planned visits that are done.

    `widget_key` is the publishable key of pages of this machine; cards of earlier versions have none.
    `made_at` (aware) is the instant that divides the three months into past and future.
    """

    clinic_id: UUID
    key: str
    made_at: datetime
    procedure_id: UUID
    location_id: UUID
    patient_id: UUID
    filled: int = 0
    complete: bool = False
    widget_key: str = ""


def load(settings: Settings) -> Card | None:
    """Read the card; None when it is missing or cannot be read."""
    try:
        stored = orjson.loads((settings.data_dir / _FILE).read_bytes())
        ids = {name: UUID(value) for name, value in stored.items() if name.endswith("_id")}
        return read_value(Card, stored | ids | {"made_at": datetime.fromisoformat(stored["made_at"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save(settings: Settings, card: Card) -> None:
    """Replace the card as a whole; only its owner may read it, because it holds a key."""
    path = settings.data_dir / _FILE
    fresh = path.with_suffix(f".{os.getpid()}")
    with open(fresh, "wb", opener=_owner_only) as file:
        file.write(orjson.dumps(card, option=orjson.OPT_INDENT_2))
    fresh.replace(path)


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_ONLY)


@contextmanager
def alone(settings: Settings, act: int) -> Iterator[None]:
    """Run the block while no other process on this data directory does the same act; wait for that.

    The system itself releases the lock of a process that is killed.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with Path(settings.data_dir / _LOCK).open("ab") as file:
        fcntl.lockf(file, fcntl.LOCK_EX, 1, act)
        yield
