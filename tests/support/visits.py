"""Read visits and their flags, and begin visits."""

from typing import Any, Protocol

from tests.support.cast import Clinic, Made
from tests.support.desk import Desk


class AtDesk(Protocol):
    """Anything that has a clinic's desk."""

    @property
    def desk(self) -> Desk:
        """Give the desk."""


def shown_visit(clinic: AtDesk, visit: Made) -> Made:
    """Read an appointment."""
    found: Made = clinic.desk.get(f"/appointments/{visit['id']}").get_json()
    return found


def flags(clinic: AtDesk, visit: Made) -> list[tuple[str, str | None]]:
    """Give the code and the rule of each flag of an appointment."""
    return [(flag["code"], flag.get("rule_id")) for flag in shown_visit(clinic, visit)["flags"]]


def flag_codes(clinic: AtDesk, visit: Made) -> list[str]:
    """Give the codes of an appointment's flags."""
    return [code for code, _ in flags(clinic, visit)]


def flagged(clinic: AtDesk, **query: Any) -> list[str]:
    """List the ids of the flagged appointments in order of time."""
    found = clinic.desk.get("/appointments", flagged="true", **query).get_json()["items"]
    return [one["id"] for one in sorted(found, key=lambda one: str(one["starts_at"]))]


def begun(clinic: Clinic, starts_at: str, **fields: Any) -> Made:
    """Book a visit and take it to its treatment, which begins when the patient arrives."""
    now = clinic.at(starts_at)
    return now.acted("start", now.acted("arrive", clinic.booked(starts_at, **fields)))
