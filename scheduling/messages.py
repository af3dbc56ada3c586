"""Tells which messages a visit has and when each is due, in civil time and outside the quiet hours."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from scheduling.months import add_months

# Table b8: numbers of our own.
QUIET_FROM: Final = time(20)
QUIET_UNTIL: Final = time(9)
# A message before a visit that quiet hours would move past the visit's start goes out the evening before.
EVENING: Final = time(19, 30)
# A message that is later than this is dropped, after an outage or for a visit completed days later.
STALE: Final = timedelta(days=1)

Anchor = Literal["planned", "before", "end", "after", "window", "no_show"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A kind of message and its signed distance from its anchor: calendar months, days and minutes.

    A `window` kind counts from the last session of a completed course; `in_window` gives its distance.
    `treatment` kinds go only to visits with a procedure, `offers` kinds only while no later visit is
    booked.
    """

    kind: str
    anchor: Anchor
    months: int = 0
    days: int = 0
    minutes: int = 0
    treatment: bool = False
    offers: bool = False


MOMENTS: Final = (
    Moment("confirmation", "planned"),
    Moment("screening_14d", "before", days=-14, treatment=True),
    Moment("preparation_7d", "before", days=-7, treatment=True),
    Moment("reminder_2d", "before", days=-2),
    Moment("screening_1d", "before", days=-1, treatment=True),
    Moment("reminder_2h", "before", minutes=-120),
    Moment("aftercare", "end", treatment=True),
    Moment("aftercare_1d", "after", days=1, treatment=True),
    Moment("aftercare_3d", "after", days=3, treatment=True),
    Moment("aftercare_7d", "after", days=7, treatment=True),
    Moment("aftercare_14d", "after", days=14, treatment=True),
    Moment("next_session_28d", "after", days=28, treatment=True, offers=True),
    Moment("review_84d", "after", days=84, treatment=True, offers=True),
    Moment("no_show", "no_show", minutes=10),
    Moment("no_show_1d", "no_show", days=1),
    Moment("maintenance_opens", "window"),
    Moment("maintenance_nudge", "window"),
    Moment("maintenance_last_call", "window"),
)
MOMENT_OF: Final = {moment.kind: moment for moment in MOMENTS}
# Half a month: the middle of a window may lie between two whole months.
_HALF_MONTH_DAYS: Final = 15


@dataclass(frozen=True, slots=True)
class Due:
    """When a message is to go out, and the instant from which it may not go out any more (both aware)."""

    at: datetime
    until: datetime


def in_window(moment: Moment, opens: int, closes: int) -> Moment:
    """Return a kind with its place in a maintenance window: months after the last session, or midway."""
    if moment.kind == "maintenance_opens":
        return replace(moment, months=opens)
    if moment.kind == "maintenance_last_call":
        return replace(moment, months=closes)
    half, odd = divmod(opens + closes, 2)
    return replace(moment, months=half, days=odd * _HALF_MONTH_DAYS)


def due(moment: Moment, since: datetime, starts_at: datetime, zone: ZoneInfo) -> Due:
    """Return when a message that counts from `since` is due, for a visit that starts at `starts_at`."""
    wanted = shifted(since, moment.days, zone, moment.months) + timedelta(minutes=moment.minutes)
    at = after_quiet(wanted, zone)
    if moment.anchor not in {"planned", "before"}:
        return Due(at, at + STALE)
    if at >= starts_at:
        # A confirmation answers a booking just made, so it is better at night than never.
        at = wanted if moment.anchor == "planned" else _evening_before(wanted, zone)
    return Due(at, min(starts_at, at + STALE))


def shifted(instant: datetime, days: int, zone: ZoneInfo, months: int = 0) -> datetime:
    """Return the same wall-clock time some calendar months and days later, across changes of the clock.

    A month without that day ends on its last day. A time that a clock change skips is read with the
    offset from before it; of a time that comes twice it is the first.
    """
    if not (months or days):
        return instant
    local = instant.astimezone(zone)
    on = add_months(local.date(), months) + timedelta(days=days)
    return datetime.combine(on, local.time().replace(fold=0), zone).astimezone(UTC)


def after_quiet(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, or the end of the quiet hours (half-open) that it lies in."""
    local = instant.astimezone(zone)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return instant
    morning = local.date() + timedelta(days=local.time() >= QUIET_FROM)
    return datetime.combine(morning, QUIET_UNTIL, zone).astimezone(UTC)


def _evening_before(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the evening before the quiet hours that an instant lies in."""
    local = instant.astimezone(zone)
    evening = local.date() - timedelta(days=local.time() < QUIET_UNTIL)
    return datetime.combine(evening, EVENING, zone).astimezone(UTC)
