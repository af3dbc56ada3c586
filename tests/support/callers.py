"""Callers of tests that act below the API, at the instant of the tests' clinics."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from booking.core.caller import Caller

NOW = datetime(2027, 1, 4, 8, tzinfo=UTC)


def caller_in(session: Session, clinic_id: UUID) -> Caller:
    """Give a caller in a transaction who may do everything in the clinic."""
    return Caller(session, clinic_id, NOW)
