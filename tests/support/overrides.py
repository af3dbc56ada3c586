"""Overrides in the bodies of bookings, and keys that may give overrides."""

from tests.support.cast import Clinic, Made, create_key

BOOKING = ("appointments:write", "appointments:read", "availability:read", "patients:write", "patients:read")


def overriding(*codes: str, reason: str = "Agreed on the phone.") -> Made:
    """Give the part of a booking's body that overrides these codes."""
    return {"override": {"codes": list(codes), "reason": reason}}


def with_level(clinic: Clinic, level: str | None) -> Clinic:
    """Give the clinic with a key that books, and that overrides at this level and no higher."""
    scopes = [*BOOKING, *([f"override:{level}"] if level else [])]
    return clinic.using(create_key(clinic.desk, *scopes))
