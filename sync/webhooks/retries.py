"""Says when a failed webhook is retried: by the schedule of Standard Webhooks and as receivers ask."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

PAUSES: Final[Sequence[timedelta]] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The pause after each failed attempt; when the attempt after the last pause fails, so has the delivery."""
JITTER: Final = 0.2
LONGEST_REQUEST: Final = timedelta(hours=24)
"""The most that a receiver's Retry-After can ask for."""
_FIRST_REST, _LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)


def pause_after(tries: int, chance: float) -> timedelta | None:
    """Give the pause after `tries` failures, up to a fifth longer by `chance` (0 to 1); None: give up."""
    if tries > len(PAUSES):
        return None
    return PAUSES[tries - 1] * (1 + JITTER * chance)


def rest_after(timeouts: int) -> timedelta:
    """Give how long to leave a receiver alone after so many timeouts in a row."""
    # Without the bound, the number would outgrow what a timedelta can hold.
    doublings = min(timeouts - 1, 10)
    return min(_FIRST_REST * (1 << doublings), _LONGEST_REST)


def requested_pause(retry_after: str | None, now: datetime) -> timedelta | None:
    """Read a Retry-After (RFC 9110, section 10.2.3: seconds or a date), bounded; None if unusable."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        asked = timedelta(seconds=min(int(text[:9]), LONGEST_REQUEST.total_seconds()))
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        asked = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(asked, LONGEST_REQUEST) if asked > timedelta() else None
