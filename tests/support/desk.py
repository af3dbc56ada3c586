"""A front desk in tests, which sends requests with a key at an instant of the test's choice."""

from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.documented import assert_documented


@dataclass(frozen=True)
class Desk:
    """A client of a clinic; `at` gives the same client at another instant of the sandbox clock."""

    app: Flask
    clinic_id: UUID
    key: str
    now: str | None = None

    def at(self, now: str) -> Self:
        """Give this desk with the sandbox clock set."""
        return replace(self, now=now)

    def using(self, key: str) -> Self:
        """Give this desk with another key."""
        return replace(self, key=key)

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **kw: Any
    ) -> TestResponse:
        """Send a request below /v1, and insist that the answer is as the document has it."""
        sent = {"Authorization": f"Bearer {self.key}"} | (headers or {})
        if self.now:
            sent["X-Clinic-Now"] = self.now
        answer = self.app.test_client().open(f"/v1{path}", method=method, headers=sent, **kw)
        assert_documented(self.app, method, f"/v1{path}", answer)
        return answer

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET with query parameters; a parameter's trailing underscore is dropped (`from_`)."""
        return self.request(
            "GET", path, query_string={k.rstrip("_"): v for k, v in query.items() if v is not None}
        )

    def post(self, path: str, json: Any = None, **headers: str) -> TestResponse:
        """POST a JSON body."""
        return self.request("POST", path, headers, json={} if json is None else json)

    def patch(self, path: str, json: Any, **headers: str) -> TestResponse:
        """PATCH with a JSON body."""
        return self.request("PATCH", path, headers, json=json)

    def delete(self, path: str, **headers: str) -> TestResponse:
        """DELETE an object."""
        return self.request("DELETE", path, headers)

    def made(self, path: str, **body: Any) -> dict[str, Any]:
        """POST and insist on 201; give the body."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.get_json()
        return made
