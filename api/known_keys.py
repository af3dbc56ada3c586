"""The keys that have been good in this process: whose they are, not whether they are still good."""

from threading import Lock
from typing import Final, NamedTuple
from uuid import UUID

_MOST_KEYS: Final = 10_000


class KnownKey(NamedTuple):
    """What this process knows of a key: its clinic, its kind, and the origins that it had last."""

    id: UUID
    clinic_id: UUID
    publishable: bool
    origins: tuple[str, ...] = ()


class KnownKeys:
    """The keys that were good when this process last saw them, by the hashes of their texts."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[bytes, KnownKey] = {}

    def get(self, token_hash: bytes) -> KnownKey | None:
        """Find a key that has been good."""
        return self._keys.get(token_hash)

    def forget(self, token_hash: bytes) -> None:
        """Forget a key that is good no more."""
        with self._lock:
            self._keys.pop(token_hash, None)

    def keep(self, token_hash: bytes, key: KnownKey) -> None:
        """Remember a key; the one that was kept first gives way."""
        if self._keys.get(token_hash) == key:
            return
        with self._lock:
            if token_hash not in self._keys and len(self._keys) >= _MOST_KEYS:
                del self._keys[next(iter(self._keys))]
            self._keys[token_hash] = key
