"""Give locations and staff special hours."""

from tests.support.cast import Made
from tests.support.desk import Desk
from tests.support.times import DAY


def periods(*spans: str) -> list[Made]:
    """Read periods that are written as `10:00-14:00`."""
    return [dict(zip(("opens", "closes"), span.split("-"), strict=True)) for span in spans]


def opens_at(desk: Desk, location: Made, *spans: str, on: str = DAY) -> Made:
    """Open a location at these hours of one date; without any it does not open."""
    return desk.made(f"/locations/{location['id']}/special-hours", on=on, periods=periods(*spans))


def works_at(desk: Desk, therapist: Made, location: Made, *spans: str, on: str = DAY) -> Made:
    """Let a therapist work at a location at these hours of one date; without any they are not there."""
    named = {"location_id": location["id"], "on": on, "periods": periods(*spans)}
    return desk.made(f"/therapists/{therapist['id']}/special-hours", **named)
