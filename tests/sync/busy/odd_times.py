"""Odd calendars whose times are unusual: kinds that are mixed, days without end, lengths, other places."""

from typing import Final

from tests.sync.busy.odd import BERLIN, BUSY_HOUR, MONDAY_IN_YORK, TUESDAY_IN_LONDON, YORK, Kind
from tests.sync.calendars import event

TEN: Final = "DTSTART:20270601T100000"
"""Ten o'clock wherever the therapist works: 08:00 UTC in Berlin."""
DAILY: Final = "RRULE:FREQ=DAILY;COUNT=3"
SECOND, THIRD = "06-02 08:00/09:00", "06-03 08:00/09:00"

MIXED: Final = Kind("floating, UTC and unknown zones together")
MIXED.event("an end in UTC of a floating start", TEN, "DTEND:20270601T090000Z", busy=[BUSY_HOUR])
MIXED.event(
    "an end in UTC of a start in a zone that nobody knows",
    "DTSTART;TZID=Praxis:20270601T100000",
    "DTEND:20270601T090000Z",
    busy=[BUSY_HOUR],
    told=1,
)
MIXED.event(
    "an exception in UTC in a floating series",
    TEN,
    "DURATION:PT1H",
    DAILY,
    "EXDATE:20270602T080000Z",
    busy=[BUSY_HOUR, THIRD],
)
MIXED.event(
    "an exception in UTC in a series of a zone",
    f"DTSTART;{BERLIN}:20270601T100000",
    f"DTEND;{BERLIN}:20270601T110000",
    DAILY,
    "EXDATE:20270602T080000Z",
    busy=[BUSY_HOUR, THIRD],
)
MIXED.event(
    "a floating exception in a series of the therapist's zone",
    f"DTSTART;{BERLIN}:20270601T100000",
    f"DTEND;{BERLIN}:20270601T110000",
    DAILY,
    "EXDATE:20270602T100000",
    busy=[BUSY_HOUR, THIRD],
    told=None,
)
MIXED.event(
    "a date in UTC added to a floating series",
    TEN,
    "DURATION:PT1H",
    "RDATE:20270603T120000Z",
    busy=[BUSY_HOUR, "06-03 12:00/13:00"],
)
MIXED.calendar(
    "an override named in UTC in a floating series",
    event(TEN, "DURATION:PT1H", DAILY),
    event("RECURRENCE-ID:20270602T080000Z", "DTSTART:20270602T150000", "DURATION:PT1H"),
    busy=[BUSY_HOUR, "06-02 13:00/14:00", THIRD],
)
MIXED.event(
    "an end in UTC of a series in a zone that nobody knows, which lies in the east",
    # 23:00 in Tokyo is 14:00 UTC: nobody knows that it is Tokyo, but the third date must not go.
    "DTSTART;TZID=Praxis:20270601T230000",
    "DURATION:PT30M",
    "RRULE:FREQ=DAILY;UNTIL=20270603T140000Z",
    busy=["06-01 21:00/21:30", "06-02 21:00/21:30", "06-03 21:00/21:30"],
    told=1,
)
MIXED.event(
    "an end in UTC of a series in a zone that nobody knows, which lies in the west",
    "DTSTART;TZID=Praxis:20270601T230000",
    "DURATION:PT30M",
    "RRULE:FREQ=DAILY;UNTIL=20270604T060000Z",
    busy=["06-01 21:00/21:30", "06-02 21:00/21:30", "06-03 21:00/21:30"],
    told=1,
)

NO_END: Final = Kind("whole days that end when they begin")
NO_END.event(
    "a date",
    "DTSTART;VALUE=DATE:20270601",
    "DTEND;VALUE=DATE:20270601",
    busy=["05-31 22:00/06-01 22:00"],
)
NO_END.event(
    "a birthday each week",
    "DTSTART;VALUE=DATE:20270601",
    "DTEND;VALUE=DATE:20270601",
    "RRULE:FREQ=WEEKLY;COUNT=2",
    busy=["05-31 22:00/06-01 22:00", "06-07 22:00/06-08 22:00"],
)
NO_END.event(
    "a date by its form alone, as phpicalendar has it",
    "DTSTART:20270601",
    "DTEND:20270601",
    busy=["05-31 22:00/06-01 22:00"],
    told=None,
)
NO_END.event(
    "a date that names a zone",
    f"DTSTART;VALUE=DATE;{BERLIN}:20270601",
    f"DTEND;VALUE=DATE;{BERLIN}:20270601",
    busy=["05-31 22:00/06-01 22:00"],
    told=None,
)
NO_END.event(
    "a date that lasts no time",
    "DTSTART;VALUE=DATE:20270601",
    "DURATION:PT0S",
    busy=["05-31 22:00/06-01 22:00"],
    told=None,
)
NO_END.calendar(
    "a date that was moved within a series",
    event("DTSTART;VALUE=DATE:20270601", "DTEND;VALUE=DATE:20270601", "RRULE:FREQ=WEEKLY;COUNT=2"),
    event("RECURRENCE-ID;VALUE=DATE:20270608", "DTSTART;VALUE=DATE:20270610", "DTEND;VALUE=DATE:20270610"),
    busy=["05-31 22:00/06-01 22:00", "06-09 22:00/06-10 22:00"],
)
NO_END.event(
    "a date with an end on the night of 23 hours",
    "DTSTART;VALUE=DATE:20270328",
    "DTEND;VALUE=DATE:20270328",
    busy=["03-27 23:00/03-28 22:00"],
)

PLACES: Final = Kind("the place of the day", MONDAY_IN_YORK)
WHOLE_DAY: Final = "DTSTART;VALUE=DATE:20270628"
PLACES.event("the whole day away", WHOLE_DAY, busy=["06-28 04:00/06-29 04:00"])
PLACES.event(
    "two whole days, the second away",
    "DTSTART;VALUE=DATE:20270627",
    "DTEND;VALUE=DATE:20270629",
    busy=["06-26 23:00/06-29 04:00"],
)
PLACES.event(
    "two whole days apart, one of them away",
    "DTSTART;VALUE=DATE:20270626",
    "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2",
    busy=["06-25 23:00/06-26 23:00", "06-28 04:00/06-29 04:00"],
)
PLACES.event(
    "a floating series",
    "DTSTART:20270627T100000",
    "DURATION:PT1H",
    DAILY,
    busy=["06-27 09:00/10:00", "06-28 14:00/15:00", "06-29 09:00/10:00"],
)
PLACES.event(
    "an exception in UTC on the day away",
    "DTSTART:20270627T100000",
    "DURATION:PT1H",
    DAILY,
    "EXDATE:20270628T140000Z",
    busy=["06-27 09:00/10:00", "06-29 09:00/10:00"],
)
PLACES.event(
    "an exception in UTC that would be another day's",
    # 09:00 UTC is ten o'clock in London, but the therapist is not there.
    "DTSTART:20270627T100000",
    "DURATION:PT1H",
    DAILY,
    "EXDATE:20270628T090000Z",
    busy=["06-27 09:00/10:00", "06-28 14:00/15:00", "06-29 09:00/10:00"],
)
PLACES.event(
    "a start in a zone goes by the zone",
    f"DTSTART;{BERLIN}:20270628T100000",
    "DURATION:PT1H",
    busy=["06-28 08:00/09:00"],
)
PLACES.calendar(
    "an occurrence that was moved to the day away",
    event("DTSTART:20270626T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2"),
    event("RECURRENCE-ID:20270627T100000", "DTSTART:20270628T120000", "DURATION:PT1H"),
    busy=["06-26 09:00/10:00", "06-28 16:00/17:00"],
)
PLACES.event(
    "a floating series until the day away, by UTC",
    "DTSTART:20270626T200000",
    "DURATION:PT1H",
    # Eight in the evening in New York is midnight in UTC.
    "RRULE:FREQ=DAILY;UNTIL=20270629T000000Z",
    busy=["06-26 19:00/20:00", "06-27 19:00/20:00", "06-29 00:00/01:00"],
)

PLACES.event(
    "an exception in UTC on the evening away, which falls on the next day in London",
    "DTSTART:20270627T203000",
    "DURATION:PT1H",
    DAILY,
    # Half past eight in the evening in New York.
    "EXDATE:20270629T003000Z",
    busy=["06-27 19:30/20:30", "06-29 19:30/20:30"],
)

AWAY_EAST: Final = Kind("a day in the east", TUESDAY_IN_LONDON)
AWAY_EAST.event(
    "a floating series until then, by UTC",
    "DTSTART:20270627T013000",
    "DURATION:PT30M",
    # Half past one at night in London, and the evening before in New York.
    "RRULE:FREQ=DAILY;UNTIL=20270629T003000Z",
    busy=["06-27 05:30/06:00", "06-28 05:30/06:00", "06-29 00:30/01:00"],
)
AWAY_EAST.event(
    "an exception in UTC",
    "DTSTART:20270627T013000",
    "DURATION:PT30M",
    DAILY,
    "EXDATE:20270629T003000Z",
    busy=["06-27 05:30/06:00", "06-28 05:30/06:00"],
)
AWAY_EAST.event(
    "two whole days, the second away",
    "DTSTART;VALUE=DATE:20270628",
    "DTEND;VALUE=DATE:20270630",
    # Until midnight in London, or in New York: nobody knows when the therapist flies, so the later counts.
    busy=["06-28 04:00/06-30 04:00"],
)
AWAY_EAST.event(
    "a night before it",
    "DTSTART:20270628T220000",
    "DTEND:20270629T070000",
    # Seven o'clock in New York is 11:00 UTC; in London it would be 06:00.
    busy=["06-29 02:00/11:00"],
)

LENGTHS: Final = Kind("lengths where the clocks change")
SPRING: Final = f"DTSTART;{BERLIN}:20270327T010000"
AUTUMN: Final = f"DTSTART;{BERLIN}:20271030T010000"
TWICE: Final = "RRULE:FREQ=DAILY;COUNT=2"
LENGTHS.event(
    "an end, repeated in the night of 23 hours",
    SPRING,
    f"DTEND;{BERLIN}:20270327T040000",
    TWICE,
    # By the wall the second ends at four, 02:00 in UTC; by its three hours at 03:00 in UTC.
    busy=["03-27 00:00/03:00", "03-28 00:00/03:00"],
)
LENGTHS.event(
    "an end, repeated in the night of 25 hours",
    AUTUMN,
    f"DTEND;{BERLIN}:20271030T040000",
    TWICE,
    # By the wall the second lasts from 23:00 to 03:00 in UTC, which is four hours.
    busy=["10-29 23:00/10-30 02:00", "10-30 23:00/10-31 03:00"],
)
LENGTHS.event(
    "an end that begins in the night of 25 hours",
    f"DTSTART;{BERLIN}:20271031T010000",
    f"DTEND;{BERLIN}:20271031T040000",
    TWICE,
    # Four hours are the exact length of the first, and so of the second.
    busy=["10-30 23:00/10-31 03:00", "11-01 00:00/04:00"],
)
LENGTHS.event(
    "hours are exact in the night of 23 hours",
    SPRING,
    "DURATION:PT3H",
    TWICE,
    busy=["03-27 00:00/03:00", "03-28 00:00/03:00"],
)
LENGTHS.event(
    "hours are exact in the night of 25 hours",
    AUTUMN,
    "DURATION:PT3H",
    TWICE,
    busy=["10-29 23:00/10-30 02:00", "10-30 23:00/10-31 02:00"],
)
LENGTHS.event(
    "a day is civil",
    f"DTSTART;{BERLIN}:20270327T120000",
    "DURATION:P1D",
    busy=["03-27 11:00/03-28 10:00"],
)
LENGTHS.event(
    "24 hours are no day",
    f"DTSTART;{BERLIN}:20270327T120000",
    "DURATION:PT24H",
    busy=["03-27 11:00/03-28 11:00"],
)
LENGTHS.event(
    "a day and two hours, in which the clocks change",
    f"DTSTART;{BERLIN}:20271030T120000",
    "DURATION:P1DT2H",
    # Noon of the next day is 11:00 in UTC.
    busy=["10-30 10:00/10-31 13:00"],
)
LENGTHS.event(
    "a week is civil",
    f"DTSTART;{YORK}:20270311T090000",
    "DURATION:P1W",
    busy=["03-11 14:00/03-18 13:00"],
)
