"""The only clock: every other module is told the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present instant, aware, in UTC."""
    return datetime.now(UTC)
