"""Odd calendars whose text is unusual: broken lines, a UID used twice, names of zones."""

from typing import Final

from tests.sync.busy.odd import BERLIN, BUSY_HOUR, HOUR, YORK, Kind
from tests.sync.calendars import CUSTOM_ZONE, event

UNNEEDED: Final = Kind("what is not needed")
UNNEEDED.event(
    "an alarm of Apple's, and one whose trigger is broken",
    *HOUR,
    "BEGIN:VALARM",
    "ACTION:NONE",
    "TRIGGER;VALUE=DATE-TIME:19760401T005545Z",
    "END:VALARM",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER:-P",
    "DURATION:soon",
    "DTSTART:never",
    "END:VALARM",
    busy=[BUSY_HOUR],
)
UNNEEDED.calendar(
    "a task and a journal with broken times",
    "BEGIN:VTODO\nUID:todo\nDUE:tomorrow\nDTSTART:20270602T080000Z\nDURATION:PT1H\nEND:VTODO",
    "BEGIN:VJOURNAL\nUID:journal\nDTSTART;VALUE=DATE:2027-06-02\nEND:VJOURNAL",
    event(*HOUR),
    busy=[BUSY_HOUR],
)
UNNEEDED.calendar(
    "broken properties of the calendar itself",
    "METHOD:",
    "CALSCALE:",
    "X-WR-CALNAME",
    "X-PUBLISHED-TTL:P",
    "REFRESH-INTERVAL;VALUE=DURATION:hourly",
    "LAST-MODIFIED:yesterday",
    event(*HOUR),
    busy=[BUSY_HOUR],
)
UNNEEDED.calendar(
    "a broken zone that nothing uses",
    "BEGIN:VTIMEZONE\nTZID:Old\nBEGIN:STANDARD\nDTSTART:once\nTZOFFSETFROM:+0\nTZOFFSETTO:\nEND:STANDARD\n"
    "END:VTIMEZONE",
    event(*HOUR),
    busy=[BUSY_HOUR],
)
UNNEEDED.event(
    "the year 0 in which Google creates what came by mail",
    "CREATED:00001231T000000Z",
    "LAST-MODIFIED:20261340T990000Z",
    *HOUR,
    busy=[BUSY_HOUR],
)
UNNEEDED.event(
    "names with colons, a place without numbers, a priority in words",
    'ORGANIZER;CN="Dr. Meyer: Praxis":mailto:meyer@example.com',
    "ATTENDEE;CN=Meyer: Anna;PARTSTAT=ACCEPTED:mailto:anna@example.com",
    "GEO:Berlin",
    "PRIORITY:high",
    "SEQUENCE:first",
    "CLASS:",
    *HOUR,
    busy=[BUSY_HOUR],
)
UNNEEDED.event(
    "a description whose second line lost its blank, as scripts in PHP write it",
    *HOUR,
    "DESCRIPTION:Please bring",
    "your insurance card",
    "",
    "and the form.",
    busy=[BUSY_HOUR],
)
UNNEEDED.calendar(
    "a start that is broken costs its event alone",
    event("DTSTART:0000-00-00T00:00:00", "DTEND:20270602T090000Z", uid="broken"),
    event(*HOUR),
    busy=[BUSY_HOUR],
    told=1,
)
UNNEEDED.event(
    "a rule that is broken leaves the first date", *HOUR, "RRULE:FREQ=FORTNIGHTLY", busy=[BUSY_HOUR], told=1
)
UNNEEDED.event(
    "a rule without its frequency leaves the first date", *HOUR, "RRULE:COUNT=3", busy=[BUSY_HOUR], told=1
)
UNNEEDED.event(
    "an excluded date that is broken excludes nothing",
    *HOUR,
    "RRULE:FREQ=DAILY;COUNT=2",
    "EXDATE:0000-00-00",
    busy=[BUSY_HOUR, "06-02 08:00/09:00"],
    told=1,
)

ONE_UID: Final = Kind("several events of one UID")
ONE_UID.calendar(
    "two bookings of a hotel's system that names all of them alike",
    event(*HOUR, uid="booking"),
    event("DTSTART:20270603T080000Z", "DTEND:20270603T090000Z", uid="booking"),
    busy=[BUSY_HOUR, "06-03 08:00/09:00"],
)
ONE_UID.calendar(
    "two series",
    event(*HOUR, "RRULE:FREQ=WEEKLY;COUNT=2"),
    event("DTSTART:20270602T100000Z", "DURATION:PT30M", "RRULE:FREQ=WEEKLY;COUNT=2"),
    busy=[BUSY_HOUR, "06-02 10:00/10:30", "06-08 08:00/09:00", "06-09 10:00/10:30"],
)
ONE_UID.calendar(
    "a series and a single event",
    event(*HOUR, "RRULE:FREQ=DAILY;COUNT=2"),
    event("DTSTART;VALUE=DATE:20270610"),
    busy=[BUSY_HOUR, "06-02 08:00/09:00", "06-09 22:00/06-10 22:00"],
)
ONE_UID.calendar(
    "one that is free, and one that is not, at the same time",
    event(*HOUR, "TRANSP:TRANSPARENT"),
    event(*HOUR, "TRANSP:OPAQUE"),
    busy=[BUSY_HOUR],
)
ONE_UID.calendar(
    "an airline's flight there and flight back",
    event(f"DTSTART;{BERLIN}:20270601T100000", f"DTEND;{YORK}:20270601T130000", uid="PNR42X"),
    event(f"DTSTART;{YORK}:20270605T180000", f"DTEND;{BERLIN}:20270606T080000", uid="PNR42X"),
    busy=["06-01 08:00/17:00", "06-05 22:00/06-06 06:00"],
)
ONE_UID.calendar("the same event twice", event(*HOUR), event(*HOUR), busy=[BUSY_HOUR])
ONE_UID.calendar(
    "events whose UID is empty",
    event(*HOUR, uid=""),
    event("DTSTART:20270603T080000Z", "DTEND:20270603T090000Z", uid=""),
    busy=[BUSY_HOUR, "06-03 08:00/09:00"],
)

NAMES: Final = Kind("names of zones")
TEN: Final = "20270601T100000"
"""Ten o'clock, which is 14:00 UTC in New York and 08:00 in Berlin."""
IN_YORK: Final = ("06-01 14:00/15:00",)
NAMES.event("in quotes", f'DTSTART;TZID="America/New_York":{TEN}', "DURATION:PT1H", busy=IN_YORK)
NAMES.event("with blanks around it", f"DTSTART;TZID= America/New_York :{TEN}", "DURATION:PT1H", busy=IN_YORK)
NAMES.event(
    "in quotes with blanks", f'DTSTART;TZID=" America/New_York ":{TEN}', "DURATION:PT1H", busy=IN_YORK
)
NAMES.event("in small letters", f"DTSTART;TZID=america/new_york:{TEN}", "DURATION:PT1H", busy=IN_YORK)
NAMES.event("in capitals", f"DTSTART;TZID=AMERICA/NEW_YORK:{TEN}", "DURATION:PT1H", busy=IN_YORK)
NAMES.event("of Windows", f"DTSTART;TZID=Eastern Standard Time:{TEN}", "DURATION:PT1H", busy=IN_YORK)
NAMES.event(
    "of Windows in quotes", f'DTSTART;TZID="Eastern Standard Time":{TEN}', "DURATION:PT1H", busy=IN_YORK
)
NAMES.event(
    "of Windows in small letters", f"DTSTART;TZID=eastern standard time:{TEN}", "DURATION:PT1H", busy=IN_YORK
)
NAMES.calendar(
    "of Exchange with commas, described by the calendar",
    CUSTOM_ZONE.replace("TZID:Office", "TZID:(UTC+01:00) Amsterdam\\, Berlin\\, Bern\\, Rome\\, Vienna"),
    event(f'DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Vienna":{TEN}', "DURATION:PT1H"),
    busy=[BUSY_HOUR],
    told=None,
)
NAMES.calendar(
    "of Lotus Notes, described by the calendar",
    CUSTOM_ZONE.replace("TZID:Office", "TZID:Western/Central Europe"),
    event(f'DTSTART;TZID="Western/Central Europe":{TEN}', "DURATION:PT1H"),
    busy=[BUSY_HOUR],
)
NAMES.calendar(
    "of Thunderbird of old, described by the calendar",
    CUSTOM_ZONE.replace("TZID:Office", "TZID:/mozilla.org/20050126_1/Europe/Berlin"),
    event(f"DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:{TEN}", "DURATION:PT1H"),
    busy=[BUSY_HOUR],
)
NAMES.event(
    "of Evolution, not described",
    f"DTSTART;TZID=/freeassociation.sourceforge.net/America/New_York:{TEN}",
    "DURATION:PT1H",
    busy=IN_YORK,
    told=None,
)
NAMES.event(
    "nobody knows",
    f"DTSTART;TZID=Customized Time Zone:{TEN}",
    "DURATION:PT1H",
    busy=[BUSY_HOUR],
    told=1,
)
for _how, _name in {
    "plain": "America/New_York",
    "with blanks": " America/New_York ",
    "in quotes": '"America/New_York"',
    "in small letters": "america/new_york",
    "of Windows": "Eastern Standard Time",
}.items():
    NAMES.calendar(
        f"of the calendar, {_how}",
        f"X-WR-TIMEZONE:{_name}",
        event(f"DTSTART:{TEN}", "DURATION:PT1H"),
        busy=IN_YORK,
    )
NAMES.calendar(
    "of the calendar, which nobody knows",
    "X-WR-TIMEZONE:Somewhere/Nowhere",
    event(f"DTSTART:{TEN}", "DURATION:PT1H"),
    busy=[BUSY_HOUR],
    told=None,
)
