"""The text of a calendar, as another library reads it, and in octets where the standard counts them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, vText

from sync.feeds.feeds import initials
from sync.feeds.ics import Event, calendar

ZONE = ZoneInfo("Europe/London")
AT = datetime(2027, 3, 1, 10, tzinfo=UTC)
# What a clinic's names may hold: anything but control characters and lone surrogates.
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120)
NASTY = 'Zoë; \\n, O\'Neil \\, "x": 北京市朝阳区 ' * 3


def an_event(**fields: object) -> Event:
    """Make an event of half an hour."""
    usual = {"uid": "1", "sequence": 3, "stamp": AT, "starts_at": AT, "summary": "Busy"}
    return Event(**{**usual, "ends_at": AT + timedelta(minutes=30), **fields})  # type: ignore[arg-type]


@given(name=NAMES, summary=NAMES, place=NAMES)
@example(name=NASTY, summary=NASTY, place=NASTY)
@example(name="ß" * 75, summary="𝄞" * 40, place="a" * 66)
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_whole_from_lines_of_75_octets(name: str, summary: str, place: str) -> None:
    body = calendar([an_event(summary=summary, place=place)], name)

    read = Calendar.from_ical(body)
    (event,) = read.events
    # That library leaves the text of a calendar's name as it is written.
    assert read["NAME"] == read["X-WR-CALNAME"] == vText(name).to_ical().decode()
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == (summary, place)
    assert max(map(len, body.split(b"\r\n"))) <= 75
    assert [line.decode() for line in body.split(b"\r\n")]  # No line ends within a character.


@pytest.mark.parametrize(("octets", "lines"), [(74, 1), (75, 1), (76, 2), (149, 2), (150, 3)])
def test_a_line_is_folded_where_it_passes_75_octets(octets: int, lines: int) -> None:
    body = calendar([an_event(summary="x" * (octets - len("SUMMARY:")))]).split(b"\r\n")
    begun = next(place for place, line in enumerate(body) if line.startswith(b"SUMMARY"))
    more = [line for line in body[begun + 1 :] if line.startswith(b" ")]

    assert len(more) == lines - 1
    assert sum(map(len, [body[begun], *more])) == octets + len(more)


def test_line_ends_within_a_text_are_escaped_and_control_characters_left_out() -> None:
    body = calendar([an_event(summary="one\r\ntwo\nthree\rfour\x00\x1b\x7f\tfive")])

    assert b"SUMMARY:one\\ntwo\\nthree\\nfour\tfive\r\n" in body


@given(
    events=st.lists(
        st.builds(
            an_event,
            uid=st.uuids().map(str),
            sequence=st.integers(1, 2**31 - 1),
            stamp=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            starts_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(ZONE)),  # noqa: DTZ001
            status=st.sampled_from(["CONFIRMED", "CANCELLED"]),
            private=st.booleans(),
        ),
        max_size=3,
    )
)
@settings(max_examples=100, deadline=None)
def test_every_field_is_read_as_it_was_given(events: list[Event]) -> None:
    read = Calendar.from_ical(calendar(events))

    assert [
        (
            one["UID"], one["SEQUENCE"], one["DTSTAMP"].dt, one["DTSTART"].dt, one["STATUS"], one["TRANSP"],
            one.get("CLASS"),
        )
        for one in read.events
    ] == [
        (
            one.uid, one.sequence, one.stamp.replace(microsecond=0),
            one.starts_at.replace(microsecond=0).astimezone(UTC),
            one.status, "TRANSPARENT" if one.status == "CANCELLED" else "OPAQUE",
            "PRIVATE" if one.private else None,
        )
        for one in events
    ]  # fmt: skip


def test_a_calendar_is_one_to_subscribe_to_in_utc() -> None:
    body = calendar([an_event()], "Room 1")
    read = Calendar.from_ical(body)

    assert (read["VERSION"], read["X-PUBLISHED-TTL"]) == ("2.0", "PT15M")
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in body
    assert "PRODID" in read
    assert "METHOD" not in read
    assert [one.name for one in read.walk()] == ["VCALENDAR", "VEVENT"]
    assert b"DTSTART:20270301T100000Z\r\n" in body


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Berg", "A.B."),
        ("ada de vries", "A.D.V."),
        ("Ana Maria da Silva Costa", "A.M.D."),
        ("Madonna", "M."),
        ("Мария Иванова", "\u041c.\u0418."),
        ("王小明", "王."),
        ("عائشة محمد", "ع.م."),
        ("e\u0301lodie Roy", "É.R."),
        ("ßen Ö", "ß.Ö."),
        ("(Ada) 'Berg'", "A.B."),
        ("3 Peters", "3.P."),
        ("— …", ""),
    ],
)
def test_initials_are_the_first_letters_of_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters
