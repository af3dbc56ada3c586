"""Draws the secrets of clients: API keys, tokens of feeds, app passwords; only a hash is ever stored."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

HINT_LENGTH: Final = 4
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """A fresh secret: its text, for the client alone, and the digest and hint that are stored."""

    text: str = field(repr=False)
    digest: bytes
    hint: str


def fresh_secret(prefix: str = "") -> Secret:
    """Draw a secret: the prefix, and 32 random bytes as URL-safe text."""
    text = prefix + secrets.token_urlsafe(_BYTES)
    return Secret(text, digest_of(text), text[-HINT_LENGTH:])


def digest_of(text: str) -> bytes:
    """Give the SHA-256 by which a secret is found; a secret is random enough to need no slow hash."""
    return hashlib.sha256(text.encode()).digest()
