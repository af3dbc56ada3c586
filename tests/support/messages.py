"""List messages to patients as a clinic's gateway does, around a visit on 27 March 2027."""

from booking.appointments.visit_links import LinkWriter
from models.sealing import Sealer
from tests.support.cast import Clinic, Made, instant

BOOKED = "2027-03-10T12:00:00Z"
VISIT = "2027-03-27T12:00:00Z"
LINKS = LinkWriter(Sealer("s" * 32), "https://clinic.example")
ALL = "2027-04-09T00:00:00Z"
REMINDED = instant("2027-03-25T12:00:00+00:00")


def listed(clinic: Clinic, now: str, until: str | None = None, **query: str) -> list[Made]:
    """List the messages at an instant that are due by another instant, by default by the same."""
    answer = clinic.at(now).desk.get("/messages", due_by=until or now, **query)
    assert answer.status_code == 200, answer.text
    found: list[Made] = answer.get_json()["items"]
    return found


def due(clinic: Clinic, now: str, until: str | None = None, **query: str) -> dict[str, str]:
    """Give the due instant of each listed message by its kind."""
    return {one["kind"]: one["due_at"] for one in listed(clinic, now, until, **query)}
