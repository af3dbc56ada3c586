"""Generates texts that are no calendars, or broken ones, and one sound event among broken parts."""

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

from tests.sync.busy.odd_calendars import ODD

Lines = list[bytes]

# What programs, mail servers and people leave in calendars, and what breaks their nesting.
RUBBISH: Final = (
    b"", b" ", b"\t", b":", b";", b"=", b"garbage", b" garbage", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\r", b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:VEVENT", b"END:VEVENT", b"BEGIN:VALARM",
    b"END:VALARM", b"BEGIN:", b"END:", b"BEGIN:VTIMEZONE", b"END:VTIMEZONE", b"BEGIN:DAYLIGHT",
    b"begin:vevent", b"BEGIN", b"DTSTART:", b"DTSTART:soon", b"DTSTART;TZID=:20270601T100000",
    b"DTSTART;TZID=../../etc/passwd:20270601T100000", b"DTSTART;TZID=Nowhere:20270601T100000",
    b"DTSTART;VALUE=DATE:20270230", b"DTSTART;VALUE=PERIOD:1/2", b"DTSTART:00000000T000000Z",
    b"DTSTART:99991231T235959Z", b"DTEND:20270601T240000Z", b"DTEND:00010101", b"DURATION:P",
    b"DURATION:-PT1H", b"DURATION:P1Y", b"DURATION:P99999999999999999999D", b"DURATION:1", b"RRULE:",
    b"RRULE:FREQ=", b"RRULE:FREQ=DAILY;COUNT=0", b"RRULE:FREQ=DAILY;COUNT=-1",
    b"RRULE:FREQ=DAILY;INTERVAL=0", b"RRULE:FREQ=WEEKLY;BYDAY=XX", b"RRULE:FREQ=DAILY;UNTIL=never",
    b"RRULE:FREQ=YEARLY;BYMONTH=13", b"RRULE:FREQ=MONTHLY;BYDAY=99MO;COUNT=3",
    b"RRULE:FREQ=DAILY;FREQ=WEEKLY", b"RRULE:;;;", b"RRULE:FREQ=DAILY", b"EXRULE:FREQ=DAILY", b"EXDATE:",
    b"EXDATE:,", b"EXDATE;VALUE=PERIOD:a/b", b"RDATE;VALUE=PERIOD:/", b"RDATE:20270601T080000Z/PT1H",
    b"RDATE;VALUE=PERIOD:20270601T080000Z/-PT1H", b"RDATE:99991231", b"RECURRENCE-ID:",
    b"RECURRENCE-ID;RANGE=THISANDFUTURE:never", b"RECURRENCE-ID:20270602T080000Z", b"FREEBUSY:",
    b"FREEBUSY:20270601T080000Z", b"FREEBUSY:a/b,c/d", b"SEQUENCE:99999999999999999999",
    b"TZOFFSETTO:+2500", b"TZOFFSETFROM:", b"TZID:", b"X-WR-TIMEZONE:", b"X-WR-TIMEZONE:/",
    b"X-WR-TIMEZONE:\xe4", b"UID:", b"UID:\xe4\xf6\xfc", b'ATTENDEE;CN="open:mailto:a@example.com',
    b"TRANSP", b"STATUS:;", b'SUMMARY;LANGUAGE=de;ALTREP="\xff":x', b"SUMMARY:\xe2\x80\xa8DTSTART:soon",
    b"DESCRIPTION:" + b"x" * 2000,
)  # fmt: skip
BREAKS: Final = (b"\r\n ", b"\n ", b"\r\n\t", b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b'"', b":", b";")


def any_bytes() -> st.SearchStrategy[bytes]:
    """Generate bytes, of which some begin like a calendar or an event."""
    beginnings = (b"", b"BEGIN:VCALENDAR\r\n", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n")
    return st.tuples(st.sampled_from(beginnings), st.binary(max_size=300)).map(b"".join)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Generate a real-looking calendar that has been through several accidents."""
    lines = draw(st.sampled_from(ODD)).text.split(b"\r\n")
    if draw(st.booleans()):
        lines += draw(st.sampled_from(ODD)).text.split(b"\r\n")
    for accident in draw(st.lists(st.sampled_from(_TO_LINES), max_size=6)):
        lines = draw(accident(lines))
    text = draw(st.sampled_from([b"\r\n", b"\r\n", b"\n", b"\r"])).join(lines)
    for mishap in draw(st.lists(st.sampled_from(_TO_BYTES), max_size=3)):
        text = draw(mishap(text))
    return text


def _places(parts: Lines) -> st.SearchStrategy[int]:
    return st.integers(0, max(len(parts) - 1, 0))


def _deleted(lines: Lines) -> st.SearchStrategy[Lines]:
    return _places(lines).map(lambda at: lines[:at] + lines[at + 1 :])


def _doubled(lines: Lines) -> st.SearchStrategy[Lines]:
    return _places(lines).map(lambda at: lines[: at + 1] + lines[at:])


def _moved(lines: Lines) -> st.SearchStrategy[Lines]:
    def move(pair: tuple[int, int]) -> Lines:
        rest = lines[: pair[0]] + lines[pair[0] + 1 :]
        return rest[: pair[1]] + lines[pair[0] : pair[0] + 1] + rest[pair[1] :]

    return st.tuples(_places(lines), _places(lines)).map(move)


def _with_rubbish(lines: Lines) -> st.SearchStrategy[Lines]:
    return st.tuples(_places(lines), st.sampled_from(RUBBISH)).map(
        lambda pair: [*lines[: pair[0]], pair[1], *lines[pair[0] :]]
    )


def _renamed(lines: Lines) -> st.SearchStrategy[Lines]:
    """Give a line the name of another, so that a value is of the wrong type."""

    def rename(pair: tuple[int, int]) -> Lines:
        if not lines:
            return lines
        name, value = lines[pair[0]].partition(b":")[0], lines[pair[1]].partition(b":")[2]
        return [*lines[: pair[1]], name + b":" + value, *lines[pair[1] + 1 :]]

    return st.tuples(_places(lines), _places(lines)).map(rename)


def _truncated(text: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(0, len(text)).map(lambda at: text[:at])


def _broken(text: bytes) -> st.SearchStrategy[bytes]:
    """Put a break or a character into a text, at any byte."""
    return st.tuples(st.integers(0, len(text)), st.sampled_from(BREAKS)).map(
        lambda pair: text[: pair[0]] + pair[1] + text[pair[0] :]
    )


def _overwritten(text: bytes) -> st.SearchStrategy[bytes]:
    return st.tuples(st.integers(0, len(text)), st.binary(min_size=1, max_size=4)).map(
        lambda pair: text[: pair[0]] + pair[1] + text[pair[0] + len(pair[1]) :]
    )


_TO_LINES: Final[tuple[Callable[[Lines], st.SearchStrategy[Lines]], ...]] = (
    _deleted, _deleted, _doubled, _moved, _with_rubbish, _with_rubbish, _renamed,
)  # fmt: skip
_TO_BYTES: Final[tuple[Callable[[bytes], st.SearchStrategy[bytes]], ...]] = (
    _truncated, _broken, _broken, _overwritten,
)  # fmt: skip

_KINDS: Final = (
    b"VEVENT",
    b"VTODO",
    b"VJOURNAL",
    b"VFREEBUSY",
    b"VALARM",
    b"VTIMEZONE",
    b"X-THING",
    b"VAVAILABILITY",
)
_CLOSED: Final = [
    one for one in RUBBISH if not one.upper().startswith((b"BEGIN", b"END", b"RECURRENCE", b"X-WR-TIMEZONE"))
]


@st.composite
def broken_parts(draw: st.DrawFn) -> bytes:
    """Generate a component, or a line, that makes no sense; some components are never closed."""
    lines = draw(st.lists(st.sampled_from(_CLOSED), max_size=6))
    form = draw(st.sampled_from(["component", "component", "nested", "open", "line", "closing"]))
    if form == "line":
        return draw(st.sampled_from(_CLOSED))
    kind = draw(st.sampled_from(_KINDS))
    if form == "closing":
        return b"END:" + kind
    if form == "nested":
        inner = draw(st.sampled_from(_KINDS))
        lines = [*lines, b"BEGIN:" + inner, *lines, b"END:" + inner]
    ends = [] if form == "open" else [b"END:" + kind]
    return b"\r\n".join([b"BEGIN:" + kind, b"UID:broken", *lines, *ends])


@st.composite
def beside_one_event(draw: st.DrawFn) -> bytes:
    """Generate a calendar of broken parts, and a sound event of the UID `sound` among them."""
    before = draw(st.lists(broken_parts(), max_size=5))
    # A line that begins with a blank would go on with the event's last line, and so break the event.
    after = [part for part in draw(st.lists(broken_parts(), max_size=5)) if part[:1] not in {b" ", b"\t"}]
    text = draw(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=20))
    event = [
        b"BEGIN:VEVENT", b"UID:sound", b"DTSTAMP:20260101T000000Z", b"DTSTART:20270601T080000Z",
        b"SUMMARY:" + text.encode(), b"DTEND:20270601T090000Z", b"END:VEVENT",
    ]  # fmt: skip
    return b"\r\n".join([b"BEGIN:VCALENDAR", b"VERSION:2.0", *before, *event, *after, b"END:VCALENDAR", b""])
