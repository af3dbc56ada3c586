"""Create widgets, which are web pages with a publishable key."""

from typing import Any
from uuid import uuid4

from tests.support.desk import Desk

ORIGIN = "https://clinic.example"


def create_widget(desk: Desk, *scopes: str, name: str = "Widget") -> Desk:
    """Create a publishable key of these scopes for the page, and give the desk that uses it."""
    body: dict[str, Any] = {"kind": "publishable", "scopes": list(scopes), "origins": [ORIGIN]}
    return desk.using(desk.made("/api-keys", name=name, **body)["key"])


def from_page() -> dict[str, str]:
    """Give the headers that the page sends with a write."""
    return {"Origin": ORIGIN, "Idempotency-Key": str(uuid4())}
