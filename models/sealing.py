"""Seals what is stored but must be read again, and signs what is not stored, by the server's secret."""

import base64
import hmac
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["Sealer", "sealer"]

_KEY_BYTES = 32


class Sealer:
    """Seals texts and opens them again, as long as the server keeps its secret."""

    def __init__(self, secret: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(_key(secret, b"sealed")))
        self._signing = _key(secret, b"signed")

    def seal(self, content: bytes) -> bytes:
        """Encrypt and authenticate; the same content is sealed differently each time."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes | None:
        """Give the content; None when it was sealed by another secret or is damaged."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None

    def sign(self, purpose: str, content: bytes) -> bytes:
        """Give the 32 bytes that only this secret gives for the content and the purpose."""
        return hmac.digest(self._signing, purpose.encode() + b"\0" + content, "sha256")


def _key(secret: str, use: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"clinic-scheduling " + use).derive(secret.encode())


@cache
def sealer(secret: str) -> Sealer:
    """Give the secret's sealer, made once for each process."""
    return Sealer(secret)
