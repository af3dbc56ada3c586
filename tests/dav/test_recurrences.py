"""A recurring object is written as its single instances in UTC, as a report asks for it."""

from datetime import UTC, datetime

import pytest
from icalendar import Calendar as ICalendar

from dav.recurrences import TooManyInstancesError, expand
from tests.dav.shelf import BUSY, XMLNS, Program, Shelf, event, responses_of

FIRST, LAST = datetime(2027, 10, 30, tzinfo=UTC), datetime(2027, 11, 2, tzinfo=UTC)
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/London\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def recurring(*lines: str, more: str = "") -> bytes:
    """Write an event of the mornings at nine, in London, from the day before summer time ends there."""
    own = (
        "DTSTART;TZID=Europe/London:20271029T090000",
        "DTEND;TZID=Europe/London:20271029T093000",
        *lines,
    )
    inner = "".join(f"{line}\r\n" for line in own)
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{ZONE}BEGIN:VEVENT\r\nUID:a\r\n"
        f"DTSTAMP:20270101T000000Z\r\n{inner}END:VEVENT\r\n{more}END:VCALENDAR\r\n"
    ).encode()


def starts(text: bytes) -> dict[str, str | None]:
    """Give the start of each instance with its RECURRENCE-ID, as they are written."""
    events = ICalendar.from_ical(text).walk("VEVENT")
    return {
        one["DTSTART"].to_ical().decode(): one["RECURRENCE-ID"].to_ical().decode()
        if "RECURRENCE-ID" in one
        else None
        for one in events
    }


def expanded(body: bytes, most: int = 100) -> bytes:
    found = expand(body, FIRST, LAST, most)
    assert found is not None
    return found[0]


def test_instances_keep_the_hour_of_their_zone_and_are_told_in_utc() -> None:
    text = expanded(recurring("RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/London:20271101T090000"))

    assert starts(text) == {
        "20271030T080000Z": "20271030T080000Z",
        "20271031T090000Z": "20271031T090000Z",
    }
    assert not [word for word in (b"RRULE", b"EXDATE", b"TZID", b"VTIMEZONE") if word in text]
    assert b"DTEND:20271030T083000Z" in text


def test_an_instance_that_differs_takes_the_place_of_its_own() -> None:
    moved = (
        "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20270101T000000Z\r\nSUMMARY:Later\r\n"
        "RECURRENCE-ID;TZID=Europe/London:20271030T090000\r\n"
        "DTSTART;TZID=Europe/London:20271030T150000\r\nDTEND;TZID=Europe/London:20271030T160000\r\n"
        "END:VEVENT\r\n"
    )
    text = expanded(recurring("RRULE:FREQ=DAILY;COUNT=3", more=moved))

    assert starts(text) == {
        "20271030T140000Z": "20271030T080000Z",
        "20271031T090000Z": "20271031T090000Z",
    }
    assert text.count(b"SUMMARY:Later") == 1


def test_dates_stay_dates() -> None:
    body = event("a").replace(b"DTSTART:20270601T090000Z", b"DTSTART;VALUE=DATE:20271029")
    body = body.replace(b"DTEND:20270601T100000Z", b"RRULE:FREQ=DAILY;COUNT=3")

    assert starts(expanded(body)) == {"20271030": "20271030", "20271031": "20271031"}


def test_what_does_not_recur_is_given_whole_wherever_it_lies() -> None:
    assert starts(expanded(recurring())) == {"20271029T080000Z": None}
    assert starts(expanded(event("a"))) == {"20270601T090000Z": None}


def test_the_range_is_half_open() -> None:
    body = recurring("RRULE:FREQ=DAILY")

    def found(first: str, last: str) -> int:
        given = expand(body, datetime.fromisoformat(first), datetime.fromisoformat(last), 10)
        return given[1] if given else -1

    assert found("2027-10-31T09:00Z", "2027-10-31T09:30Z") == 1
    assert found("2027-10-31T08:00Z", "2027-10-31T09:00Z") == 0
    assert found("2027-10-31T09:29Z", "2027-10-31T10:00Z") == 1
    assert found("2027-10-31T09:30Z", "2027-10-31T10:00Z") == 0


@pytest.mark.parametrize("most", [3, 4])
def test_no_more_instances_are_written_than_may_be(most: int) -> None:
    body = recurring("RRULE:FREQ=HOURLY;BYHOUR=9,10,11,12;COUNT=8", "RDATE:20300101T000000Z")
    body = body.replace(b"20271029T09", b"20271030T09")
    last = datetime(2027, 10, 31, tzinfo=UTC)

    if most == 3:
        with pytest.raises(TooManyInstancesError):
            expand(body, FIRST, last, most)
    else:
        assert (expand(body, FIRST, last, most) or (b"", 0))[1] == 4


@pytest.mark.parametrize(
    "body",
    [
        b"no calendar",
        recurring("RRULE:FREQ=SOMETIMES"),
        recurring("RRULE:FREQ=DAILY").replace(b"DTSTART;TZID", b"X-START;TZID"),
    ],
    ids=["text", "rule", "no start"],
)
def test_what_cannot_be_expanded_is_none(body: bytes) -> None:
    assert expand(body, FIRST, LAST, 10) is None


EXPAND = (
    '<D:prop><C:calendar-data><C:expand start="20271030T000000Z" end="20271102T000000Z"/></C:calendar-data>'
    "</D:prop>"
)
QUERY = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
REPORTS = {
    "C:calendar-query": QUERY,
    "C:calendar-multiget": f"<D:href>{BUSY}a.ics</D:href><D:href>{BUSY}b.ics</D:href>",
    "D:sync-collection": "<D:sync-token/><D:sync-level>1</D:sync-level>",
}


def reported(program: Program, root: str, wanted: str = EXPAND) -> dict[str, bytes]:
    answered = program.ask("REPORT", BUSY, f"<{root} {XMLNS}>{wanted}{REPORTS[root]}</{root}>", depth="1")
    assert answered.status == 207, answered.body
    return {
        href.rpartition("/")[2]: (found["calendar-data"].text or "").encode()
        for href, found, _ in responses_of(answered)
    }


@pytest.mark.parametrize("root", REPORTS)
def test_each_report_expands_what_it_gives(program: Program, busy: Shelf, root: str) -> None:
    busy.objects = {"a.ics": recurring("RRULE:FREQ=DAILY;COUNT=3"), "b.ics": b"BEGIN:NOTHING"}
    busy.log = ["a.ics", "b.ics"]

    found = reported(program, root)

    assert list(starts(found["a.ics"])) == ["20271030T080000Z", "20271031T090000Z"]
    assert found["b.ics"] == busy.objects["b.ics"]


@pytest.mark.parametrize("root", REPORTS)
def test_a_limited_set_of_recurrences_comes_whole(program: Program, busy: Shelf, root: str) -> None:
    busy.objects, busy.log = {name: recurring("RRULE:FREQ=DAILY") for name in ("a.ics", "b.ics")}, ["a.ics"]

    found = reported(program, root, EXPAND.replace("C:expand", "C:limit-recurrence-set"))

    assert found["a.ics"] == busy.objects["a.ics"]


@pytest.mark.parametrize(
    ("range_", "status"),
    [
        ('start="20271030T000000Z"', 400),
        ('start="soon" end="20271030T000000Z"', 403),
        ('start="20271030T000000Z" end="20271030T000000Z"', 403),
        ("", 403),
    ],
)
def test_an_expansion_needs_a_range(program: Program, range_: str, status: int) -> None:
    wanted = f"<D:prop><C:calendar-data><C:expand {range_}/></C:calendar-data></D:prop>"
    body = f"<C:calendar-query {XMLNS}>{wanted}{QUERY}</C:calendar-query>"

    assert program.ask("REPORT", BUSY, body, depth="1").status == status
