"""Speaks HTTP over a single connection that stays open, as a desk's server does."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPMessage
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlencode

import orjson

TIMEOUT_SECONDS = 30


class Client:
    """A client of a server with an API key; raises RuntimeError on an unexpected status."""

    def __init__(self, port: int, key: str) -> None:
        self.last = HTTPMessage()
        self.connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def get(
        self,
        path: str,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        expected: int = 200,
    ) -> bytes:
        """GET a path and give the body."""
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path, None, expected, headers)

    def header(self, path: str, name: str) -> str:
        """GET a path and give a header of the answer."""
        self.get(path)
        return self.last[name]

    def post(self, path: str, body: dict[str, Any]) -> bytes:
        """POST a body, expect 201 and give the answer."""
        return self._ask("POST", path, orjson.dumps(body), 201)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        expected: int,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> bytes:
        self.connection.request(method, path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        content = answer.read()
        self.last = answer.headers
        if answer.status != expected:
            raise RuntimeError(
                f"{method} {path.partition('?')[0]} answered {answer.status}: {content[:300]!r}"
            )
        return content
