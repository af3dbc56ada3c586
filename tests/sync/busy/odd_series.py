"""Odd calendars whose series are unusual: where they end, what is added, moved, left out or free."""

from typing import Final

from tests.sync.busy.odd import BERLIN, BUSY_HOUR, HOUR, YORK, Kind
from tests.sync.calendars import event

DAILY: Final = "RRULE:FREQ=DAILY;COUNT=3"
SECOND, THIRD, FOURTH = "06-02 08:00/09:00", "06-03 08:00/09:00", "06-04 08:00/09:00"
DAYS: Final = ("DTSTART;VALUE=DATE:20270601", "DTEND;VALUE=DATE:20270602")

UNTIL: Final = Kind("the end of a series")
EVENINGS: Final = (f"DTSTART;{YORK}:20270601T200000", "DURATION:PT1H")
"""Eight in the evening in New York is midnight in UTC."""
THREE_EVENINGS: Final = ("06-02 00:00/01:00", "06-03 00:00/01:00", "06-04 00:00/01:00")
UNTIL.event(
    "local where UTC was due",
    *EVENINGS,
    "RRULE:FREQ=DAILY;UNTIL=20270603T200000",
    busy=THREE_EVENINGS,
    told=None,
)
UNTIL.event(
    "a date for times of a zone", *EVENINGS, "RRULE:FREQ=DAILY;UNTIL=20270603", busy=THREE_EVENINGS, told=None
)
UNTIL.event(
    "a date for times of UTC",
    *HOUR,
    "RRULE:FREQ=DAILY;UNTIL=20270603",
    busy=[BUSY_HOUR, SECOND, THIRD],
    told=None,
)
UNTIL.event(
    "a date for floating times",
    "DTSTART:20270601T100000",
    "DURATION:PT1H",
    "RRULE:FREQ=DAILY;UNTIL=20270603",
    busy=[BUSY_HOUR, SECOND, THIRD],
    told=None,
)
UNTIL.event(
    "local for times of UTC",
    # In Berlin that is 06:00 UTC, which would lose the third date.
    *HOUR,
    "RRULE:FREQ=DAILY;UNTIL=20270603T080000",
    busy=[BUSY_HOUR, SECOND, THIRD],
    told=None,
)
UNTIL.event(
    "UTC for floating times",
    "DTSTART:20270601T233000",
    "DURATION:PT30M",
    "RRULE:FREQ=DAILY;UNTIL=20270603T213000Z",
    busy=["06-01 21:30/22:00", "06-02 21:30/22:00", "06-03 21:30/22:00"],
    told=None,
)
UNTIL.event(
    "a time for whole days, midnight in UTC",
    *DAYS,
    "RRULE:FREQ=DAILY;UNTIL=20270603T000000Z",
    busy=["05-31 22:00/06-03 22:00"],
    told=None,
)
UNTIL.event(
    "a time for whole days, midnight where the therapist works",
    *DAYS,
    "RRULE:FREQ=DAILY;UNTIL=20270602T220000Z",
    busy=["05-31 22:00/06-03 22:00"],
    told=None,
)
UNTIL.event(
    "a time for whole days, the last second in UTC, which falls on the next day",
    *DAYS,
    "RRULE:FREQ=DAILY;UNTIL=20270603T235959Z",
    busy=["05-31 22:00/06-04 22:00"],
    told=None,
)
UNTIL.event(
    "a floating time for whole days",
    *DAYS,
    "RRULE:FREQ=DAILY;UNTIL=20270603T000000",
    busy=["05-31 22:00/06-03 22:00"],
    told=None,
)
UNTIL.event(
    "before the first date, which stays",
    *HOUR,
    "RRULE:FREQ=DAILY;UNTIL=20270531T235959Z",
    busy=[BUSY_HOUR],
    told=None,
)
UNTIL.event(
    "before the first date, which is excluded",
    *HOUR,
    "RRULE:FREQ=DAILY;UNTIL=20270531T235959Z",
    "EXDATE:20270601T080000Z",
    busy=[],
    told=None,
)
UNTIL.event(
    "of the right type is exact",
    f"DTSTART;{BERLIN}:20270601T100000",
    "DURATION:PT1H",
    "RRULE:FREQ=DAILY;UNTIL=20270603T075959Z",
    busy=[BUSY_HOUR, SECOND],
)

UNTIL.event(
    "in the hour that is there twice",
    f"DTSTART;{BERLIN}:20271030T023000",
    "DURATION:PT15M",
    # At 02:00 by the clock, but for the second time, after half past two for the first.
    "RRULE:FREQ=DAILY;UNTIL=20271031T010000Z",
    busy=["10-30 00:30/00:45", "10-31 00:30/00:45"],
)
UNTIL.event(
    "of the right type, local for floating times, is exact",
    "DTSTART:20270601T003000",
    "DURATION:PT30M",
    # In UTC it would be half past one on the third.
    "RRULE:FREQ=DAILY;UNTIL=20270602T233000",
    busy=["05-31 22:30/23:00", "06-01 22:30/23:00"],
)

RULES: Final = Kind("days of a rule")
RULES.event(
    "the first Tuesday and each Wednesday of a month",
    *HOUR,
    "RRULE:FREQ=MONTHLY;BYDAY=1TU,WE;UNTIL=20270616T235959Z",
    busy=[BUSY_HOUR, SECOND, "06-09 08:00/09:00", "06-16 08:00/09:00"],
)
RULES.event(
    "the last Friday of a month",
    "DTSTART:20270625T080000Z",
    "DTEND:20270625T090000Z",
    "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2",
    busy=["06-25 08:00/09:00", "07-30 08:00/09:00"],
)
RULES.event(
    "the last day of a month",
    "DTSTART:20270630T080000Z",
    "DTEND:20270630T090000Z",
    "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2",
    busy=["06-30 08:00/09:00", "07-31 08:00/09:00"],
)
RULES.event(
    "Wednesdays from a Tuesday, which is the first date all the same",
    *HOUR,
    "RRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20270609T235959Z",
    busy=[BUSY_HOUR, SECOND, "06-09 08:00/09:00"],
)

EMPTY: Final = Kind("empty values")
EMPTY.event("an exception", *HOUR, DAILY, "EXDATE:", busy=[BUSY_HOUR, SECOND, THIRD])
EMPTY.event(
    "an exception with its zone",
    f"DTSTART;{BERLIN}:20270601T100000",
    "DURATION:PT1H",
    DAILY,
    f"EXDATE;{BERLIN}:",
    busy=[BUSY_HOUR, SECOND, THIRD],
)
EMPTY.event("a number of the version", *HOUR, "SEQUENCE:", busy=[BUSY_HOUR])
EMPTY.event("a duration beside an end", *HOUR, "DURATION:", busy=[BUSY_HOUR])
EMPTY.event("a duration of a whole day", DAYS[0], "DURATION:", busy=["05-31 22:00/06-01 22:00"])
EMPTY.event("an added date", *HOUR, "RDATE:", busy=[BUSY_HOUR])

PERIODS: Final = Kind("added periods")
PERIODS.event(
    "from one instant to another",
    *HOUR,
    "RDATE;VALUE=PERIOD:20270603T100000Z/20270603T130000Z",
    busy=[BUSY_HOUR, "06-03 10:00/13:00"],
)
PERIODS.event(
    "of a length",
    *HOUR,
    "RDATE;VALUE=PERIOD:20270603T100000Z/PT15M",
    busy=[BUSY_HOUR, "06-03 10:00/10:15"],
)
PERIODS.event(
    "two in a zone",
    f"DTSTART;{BERLIN}:20270601T100000",
    f"DTEND;{BERLIN}:20270601T110000",
    f"RDATE;VALUE=PERIOD;{BERLIN}:20270603T100000/20270603T130000,20270604T100000/PT2H",
    busy=[BUSY_HOUR, "06-03 08:00/11:00", "06-04 08:00/10:00"],
)
PERIODS.event(
    "beside a rule and plain dates",
    *HOUR,
    "RRULE:FREQ=DAILY;COUNT=2",
    "RDATE:20270604T080000Z",
    "RDATE;VALUE=PERIOD:20270606T080000Z/P1D",
    busy=[BUSY_HOUR, SECOND, FOURTH, "06-06 08:00/06-07 08:00"],
)

PERIODS.event(
    "one that begins with a date of the rule and lasts longer",
    *HOUR,
    "RRULE:FREQ=DAILY;COUNT=2",
    "RDATE;VALUE=PERIOD:20270602T080000Z/PT2H",
    busy=[BUSY_HOUR, "06-02 08:00/10:00"],
)
PERIODS.event(
    "one that begins with a date of the rule and is shorter",
    *HOUR,
    "RRULE:FREQ=DAILY;COUNT=2",
    "RDATE;VALUE=PERIOD:20270602T080000Z/PT15M",
    busy=[BUSY_HOUR, SECOND],
)

BESIDE: Final = Kind("an exception beside an override of its date")


def _beside(*lines: str) -> tuple[str, str]:
    """Write three days of which the second is left out, and an override of the second."""
    return (
        event(*HOUR, DAILY, "EXDATE:20270602T080000Z"),
        event("RECURRENCE-ID:20270602T080000Z", *lines),
    )


BESIDE.calendar(
    "moved within the day",
    *_beside("DTSTART:20270602T120000Z", "DTEND:20270602T130000Z"),
    busy=[BUSY_HOUR, "06-02 12:00/13:00", THIRD],
)
BESIDE.calendar(
    "where it was",
    *_beside("DTSTART:20270602T080000Z", "DTEND:20270602T090000Z"),
    busy=[BUSY_HOUR, SECOND, THIRD],
)
BESIDE.calendar(
    "moved to another day",
    *_beside("DTSTART:20270604T080000Z", "DTEND:20270604T090000Z"),
    busy=[BUSY_HOUR, THIRD, FOURTH],
)
BESIDE.calendar(
    "cancelled",
    *_beside("DTSTART:20270602T080000Z", "DTEND:20270602T090000Z", "STATUS:CANCELLED"),
    busy=[BUSY_HOUR, THIRD],
)

FREE: Final = Kind("free and busy states")
_STATE: Final = "X-MICROSOFT-CDO-BUSYSTATUS"
FREE.event("Outlook's free", *HOUR, f"{_STATE}:FREE", "TRANSP:TRANSPARENT", busy=[])
FREE.event("Outlook's free alone", *HOUR, f"{_STATE}:FREE", busy=[])
FREE.event("Outlook's busy", *HOUR, f"{_STATE}:BUSY", busy=[BUSY_HOUR])
FREE.event("Outlook's tentative", *HOUR, f"{_STATE}:TENTATIVE", "STATUS:TENTATIVE", busy=[BUSY_HOUR])
FREE.event("Outlook's out of office", *HOUR, f"{_STATE}:OOF", busy=[BUSY_HOUR])
FREE.event("transparent", *HOUR, "TRANSP:TRANSPARENT", busy=[])
FREE.event("transparent in small letters", *HOUR, "TRANSP:transparent", busy=[])
FREE.event("cancelled", *HOUR, "STATUS:CANCELLED", "TRANSP:OPAQUE", busy=[])
FREE.calendar(
    "an opaque date of a transparent series",
    event(*HOUR, DAILY, "TRANSP:TRANSPARENT"),
    event("RECURRENCE-ID:20270602T080000Z", "DTSTART:20270602T080000Z", "DURATION:PT1H", "TRANSP:OPAQUE"),
    busy=[SECOND],
)
FREE.calendar(
    "a transparent date of an opaque series",
    event(*HOUR, DAILY),
    event(
        "RECURRENCE-ID:20270602T080000Z", "DTSTART:20270602T080000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"
    ),
    busy=[BUSY_HOUR, THIRD],
)

FUTURE: Final = Kind("this and all that follow")
_FROM_SECOND: Final = "RECURRENCE-ID;RANGE=THISANDFUTURE:20270602T080000Z"
FUTURE.calendar(
    "later in the day",
    event(*HOUR, "RRULE:FREQ=DAILY;COUNT=4"),
    event(_FROM_SECOND, "DTSTART:20270602T100000Z", "DTEND:20270602T110000Z"),
    busy=[BUSY_HOUR, "06-02 10:00/11:00", "06-03 10:00/11:00", "06-04 10:00/11:00"],
)
FUTURE.calendar(
    "longer",
    event(*HOUR, DAILY),
    event(_FROM_SECOND, "DTSTART:20270602T080000Z", "DTEND:20270602T100000Z"),
    busy=[BUSY_HOUR, "06-02 08:00/10:00", "06-03 08:00/10:00"],
)
FUTURE.calendar(
    "on the next day, each week",
    event(*HOUR, "RRULE:FREQ=WEEKLY;COUNT=3"),
    event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20270608T080000Z",
        "DTSTART:20270609T080000Z",
        "DTEND:20270609T090000Z",
    ),
    busy=[BUSY_HOUR, "06-09 08:00/09:00", "06-16 08:00/09:00"],
)
FUTURE.calendar(
    "and one of them changed by itself",
    event(*HOUR, "RRULE:FREQ=DAILY;COUNT=4"),
    event(_FROM_SECOND, "DTSTART:20270602T100000Z", "DTEND:20270602T110000Z"),
    event("RECURRENCE-ID:20270603T080000Z", "DTSTART:20270603T150000Z", "DTEND:20270603T160000Z"),
    busy=[BUSY_HOUR, "06-02 10:00/11:00", "06-03 15:00/16:00", "06-04 10:00/11:00"],
)
FUTURE.calendar(
    "of whole days",
    event(*DAYS, "RRULE:FREQ=WEEKLY;COUNT=3"),
    event(
        "RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20270608",
        "DTSTART;VALUE=DATE:20270610",
        "DTEND;VALUE=DATE:20270611",
    ),
    busy=["05-31 22:00/06-01 22:00", "06-09 22:00/06-10 22:00", "06-16 22:00/06-17 22:00"],
)

PUBLISHED: Final = Kind("published free and busy time")


def _published(*lines: str) -> str:
    return "\n".join(["BEGIN:VFREEBUSY", "UID:fb", "DTSTAMP:20260101T000000Z", *lines, "END:VFREEBUSY"])


PUBLISHED.calendar(
    "busy by default",
    _published("FREEBUSY:20270601T080000Z/20270601T090000Z,20270602T080000Z/PT1H"),
    busy=[BUSY_HOUR, SECOND],
)
PUBLISHED.calendar(
    "of each type",
    _published(
        "FREEBUSY;FBTYPE=BUSY:20270601T080000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270602T080000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270603T080000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20270604T080000Z/PT1H",
    ),
    busy=[BUSY_HOUR, SECOND, THIRD],
)
PUBLISHED.calendar(
    "between two bounds, which keep nobody busy",
    _published("DTSTART:20270601T000000Z", "DTEND:20270630T000000Z", "FREEBUSY:20270601T080000Z/PT1H"),
    busy=[BUSY_HOUR],
)
PUBLISHED.calendar(
    "with a period that is broken",
    _published("FREEBUSY:20270601T080000Z/PT1H", "FREEBUSY:soon/PT1H"),
    busy=[BUSY_HOUR],
    told=1,
)
PUBLISHED.calendar(
    "of a type that nobody knows",
    _published("FREEBUSY;FBTYPE=X-LUNCH:20270601T080000Z/PT1H"),
    busy=[BUSY_HOUR],
    told=None,
)
