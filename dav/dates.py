"""Writes instants as HTTP does."""

from datetime import UTC, datetime
from email.utils import format_datetime


def http_date(at: datetime) -> str:
    """Write an instant in whole seconds (RFC 9110, 5.6.7)."""
    return format_datetime(at.astimezone(UTC), usegmt=True)
