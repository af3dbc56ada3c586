"""What a clinic is told of visits that its rules or its staff's time no longer allow."""

from typing import Any

from tests.support.cast import Made
from tests.support.desk import Desk


def flags(desk: Desk, visit: Made) -> list[str]:
    """Read the codes of a visit's flags."""
    return [flag["code"] for flag in desk.get(f"/appointments/{visit['id']}").get_json()["flags"]]


def conflicts(desk: Desk, **query: Any) -> list[Made]:
    """List the conflicts of visits with busy time."""
    answer = desk.get("/conflicts", **query)
    assert answer.status_code == 200, answer.text
    found: list[Made] = answer.get_json()["items"]
    return found
