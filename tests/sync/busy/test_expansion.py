"""The busy time of a calendar; every expected instant was worked out by hand from RFC 5545."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from sync.busy.expansion import expand
from sync.busy.moments import Range
from tests.sync.calendars import CUSTOM_ZONE, calendar, event

YEARS = Range(datetime(1997, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
SUMMER = Range(datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 8, 1, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
BERLIN = "TZID=Europe/Berlin"


def spans(text: bytes, within: Range = YEARS) -> list[str]:
    """Give all busy spans as `date start/end`, in UTC."""
    found = expand(text, within)
    assert (found.unread, found.doubtful) == ([], [])
    return sorted(
        f"{first:%Y-%m-%d %H:%M}/{last:%H:%M}" for busy in found.busy.values() for first, last in busy
    )


RECURRENCES = {
    "the last weekday of each month": (
        [f"DTSTART;{BERLIN}:20270129T090000", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=5"],
        ["2027-01-29 08:00", "2027-02-26 08:00", "2027-03-31 07:00", "2027-04-30 07:00", "2027-05-31 07:00"],
    ),
    "the last Sunday, on which the clocks change": (
        ["DTSTART;TZID=Europe/London:20270228T100000", "RRULE:FREQ=MONTHLY;BYDAY=-1SU;COUNT=4"],
        ["2027-02-28 10:00", "2027-03-28 09:00", "2027-04-25 09:00", "2027-05-30 09:00"],
    ),
    "the leap day": (
        ["DTSTART:20240229T120000Z", "RRULE:FREQ=YEARLY"],
        ["2024-02-29 12:00", "2028-02-29 12:00", "2032-02-29 12:00"],
    ),
    "the 31st, which most months lack": (
        ["DTSTART:20270131T080000Z", "RRULE:FREQ=MONTHLY;COUNT=5"],
        ["2027-01-31 08:00", "2027-03-31 08:00", "2027-05-31 08:00", "2027-07-31 08:00", "2027-08-31 08:00"],
    ),
    "every other week that begins on Monday": (
        [
            "DTSTART;TZID=America/New_York:19970805T090000",
            "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        ],
        ["1997-08-05 13:00", "1997-08-10 13:00", "1997-08-19 13:00", "1997-08-24 13:00"],
    ),
    "every other week that begins on Sunday": (
        [
            "DTSTART;TZID=America/New_York:19970805T090000",
            "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        ],
        ["1997-08-05 13:00", "1997-08-17 13:00", "1997-08-19 13:00", "1997-08-31 13:00"],
    ),
    "an exception named in another zone": (
        [
            f"DTSTART;{BERLIN}:20270305T090000",
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "EXDATE;TZID=America/New_York:20270312T030000",
        ],
        ["2027-03-05 08:00", "2027-03-19 08:00", "2027-03-26 08:00"],
    ),
    "a count over an hour that does not exist": (
        [f"DTSTART;{BERLIN}:20270327T023000", "RRULE:FREQ=DAILY;COUNT=3"],
        ["2027-03-27 01:30", "2027-03-28 01:30", "2027-03-29 00:30"],
    ),
    "an end in UTC of what begins in a zone": (
        ["DTSTART;TZID=America/New_York:20270601T200000", "RRULE:FREQ=DAILY;UNTIL=20270604T000000Z"],
        ["2027-06-02 00:00", "2027-06-03 00:00", "2027-06-04 00:00"],
    ),
    "a date added to a rule": (
        ["DTSTART:20270601T080000Z", "RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20270603T100000Z"],
        ["2027-06-01 08:00", "2027-06-03 10:00", "2027-06-08 08:00"],
    ),
}


@pytest.mark.parametrize("name", RECURRENCES)
def test_a_recurrence_is_when_its_rule_says(name: str) -> None:
    lines, expected = RECURRENCES[name]

    assert [one.partition("/")[0] for one in spans(calendar(event(*lines, "DURATION:PT1H")))] == expected


def test_a_moved_occurrence_is_where_it_was_moved_and_a_cancelled_one_nowhere() -> None:
    daily = event(f"DTSTART;{BERLIN}:20270301T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4")
    moved = event(
        f"RECURRENCE-ID;{BERLIN}:20270302T090000",
        f"DTSTART;{BERLIN}:20270302T150000",
        f"DTEND;{BERLIN}:20270302T170000",
    )
    cancelled = event(
        f"RECURRENCE-ID;{BERLIN}:20270303T090000",
        f"DTSTART;{BERLIN}:20270303T090000",
        "DURATION:PT1H",
        "STATUS:CANCELLED",
    )

    assert spans(calendar(daily, moved, cancelled)) == [
        "2027-03-01 08:00/09:00", "2027-03-02 14:00/16:00", "2027-03-04 08:00/09:00",
    ]  # fmt: skip


def test_what_is_changed_for_this_and_all_that_follow_is_changed_for_them() -> None:
    daily = event("RRULE:FREQ=DAILY;COUNT=5", start="2027-06-01T09:00Z", end="2027-06-01T10:00Z")
    later = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20270603T090000Z",
        start="2027-06-03T11:00Z",
        end="2027-06-03T11:30Z",
    )

    assert spans(calendar(daily, later)) == [
        "2027-06-01 09:00/10:00", "2027-06-02 09:00/10:00", "2027-06-03 11:00/11:30",
        "2027-06-04 11:00/11:30", "2027-06-05 11:00/11:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "span"),
    [
        # 28 March 2027 has 23 hours in Berlin, 31 October 25: from midnight to four o'clock that is 3 and 5.
        ([f"DTSTART;{BERLIN}:20270328T000000", f"DTEND;{BERLIN}:20270328T040000"], "2027-03-27 23:00/02:00"),
        ([f"DTSTART;{BERLIN}:20271031T000000", f"DTEND;{BERLIN}:20271031T040000"], "2027-10-30 22:00/03:00"),
        ([f"DTSTART;{BERLIN}:20270328T000000", "DURATION:PT4H"], "2027-03-27 23:00/03:00"),
        ([f"DTSTART;{BERLIN}:20270327T120000", "DURATION:P1D"], "2027-03-27 11:00/10:00"),
        (["DTSTART;VALUE=DATE:20270327", "DTEND;VALUE=DATE:20270329"], "2027-03-26 23:00/22:00"),
        (["DTSTART;VALUE=DATE:20270327"], "2027-03-26 23:00/23:00"),
        (["DTSTART;VALUE=DATE:20270327", "DURATION:P2D"], "2027-03-26 23:00/22:00"),
        (["DTSTART:20270628T100000", "DTEND:20270628T110000"], "2027-06-28 08:00/09:00"),
        (
            ["DTSTART;TZID=W. Europe Standard Time:20270628T100000", "DURATION:PT1H"],
            "2027-06-28 08:00/09:00",
        ),
        (["DTSTART:20270628T100000Z", "DURATION:PT1H", "STATUS:TENTATIVE"], "2027-06-28 10:00/11:00"),
    ],
)
def test_a_time_is_what_the_clock_on_the_wall_makes_of_it(lines: list[str], span: str) -> None:
    assert spans(calendar(event(*lines))) == [span]


def test_a_repeated_night_is_no_shorter_than_the_clock_nor_than_its_length() -> None:
    nights = event(
        f"DTSTART;{BERLIN}:20270327T010000", f"DTEND;{BERLIN}:20270327T040000", "RRULE:FREQ=DAILY;COUNT=2"
    )

    # By the wall the second night ends at 04:00 (02:00 in UTC), by its three hours at 05:00.
    assert spans(calendar(nights)) == ["2027-03-27 00:00/03:00", "2027-03-28 00:00/03:00"]


def test_floating_times_are_of_the_calendars_own_zone_and_dates_of_the_therapists() -> None:
    floating = event("DTSTART:20270628T100000", "DURATION:PT1H", uid="floating")
    text = calendar("X-WR-TIMEZONE:America/New_York", floating, event("DTSTART;VALUE=DATE:20270629"))

    assert spans(text) == ["2027-06-28 14:00/15:00", "2027-06-28 22:00/22:00"]


MONDAYS_IN_YORK = Range(
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2028, 1, 1, tzinfo=UTC),
    ZoneInfo("Europe/London"),
    {date(2027, 6, 28): ZoneInfo("America/New_York")},
)


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        # 28 June 2027 is a Monday.
        (["DTSTART:20270627T100000", "DURATION:PT1H"], "2027-06-27 09:00/10:00"),
        (["DTSTART:20270628T100000", "DURATION:PT1H"], "2027-06-28 14:00/15:00"),
        (["DTSTART:20270629T100000", "DURATION:PT1H"], "2027-06-29 09:00/10:00"),
        (["DTSTART;VALUE=DATE:20270627"], "2027-06-26 23:00/23:00"),
        (["DTSTART;VALUE=DATE:20270628"], "2027-06-28 04:00/04:00"),
        (["DTSTART;VALUE=DATE:20270629"], "2027-06-28 23:00/23:00"),
        # Both days, from London's midnight to New York's.
        (["DTSTART;VALUE=DATE:20270627", "DTEND;VALUE=DATE:20270629"], "2027-06-26 23:00/04:00"),
        (["DTSTART:20270627T230000", "DTEND:20270628T010000"], "2027-06-27 22:00/05:00"),
    ],
)
def test_dates_and_floating_times_go_by_where_the_person_is_that_day(lines: list[str], busy: str) -> None:
    assert spans(calendar(event(*lines)), MONDAYS_IN_YORK) == [busy]


def test_a_floating_series_follows_the_person_from_place_to_place() -> None:
    daily = event("DTSTART:20270627T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")

    assert spans(calendar(daily), MONDAYS_IN_YORK) == [
        "2027-06-27 09:00/10:00",
        "2027-06-28 14:00/15:00",
        "2027-06-29 09:00/10:00",
    ]


def test_a_zone_of_the_calendars_own_making_is_followed_through_the_year() -> None:
    daily = event("DTSTART;TZID=Office:20270327T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2")

    assert spans(calendar(CUSTOM_ZONE, daily)) == ["2027-03-27 09:00/10:00", "2027-03-28 08:00/09:00"]


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "status:cancelled"])
def test_what_keeps_nobody_busy_is_left_out(line: str) -> None:
    busy = event(line, start="2027-06-28T10:00Z", end="2027-06-28T11:00Z")
    instant = event("DTSTART:20270628T100000Z", uid="no length")

    assert spans(calendar(busy, instant)) == []


def test_an_event_that_ends_before_it_begins_is_read_the_other_way_round() -> None:
    backwards = event(start="2027-06-28T11:00Z", end="2027-06-28T10:00Z")

    assert spans(calendar(backwards)) == ["2027-06-28 10:00/11:00"]


def test_free_and_busy_time_is_read_by_its_kind() -> None:
    periods = [
        "FREEBUSY:20270628T100000Z/20270628T110000Z,20270628T120000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270629T100000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20270630T100000Z/PT1H",
    ]

    assert spans(calendar("BEGIN:VFREEBUSY", "UID:fb", *periods, "END:VFREEBUSY")) == [
        "2027-06-28 10:00/11:00", "2027-06-28 12:00/13:00", "2027-06-29 10:00/11:00",
    ]  # fmt: skip


def test_one_event_without_sense_leaves_the_others() -> None:
    broken = event("DTSTART:soon", uid="broken")
    sound = event(uid="sound", start="2027-06-28T10:00Z", end="2027-06-28T11:00Z")
    found = expand(calendar(broken, sound), YEARS)

    assert [(one.uid, one.line) for one in found.unread] == [("broken", 7)]
    assert len(found.busy["sound"]) == 1


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        (
            ["DTSTART:20270601T080000Z", "DURATION:PT1H", "RDATE:20270603T080000Z,soon"],
            ["06-01 08", "06-03 08"],
        ),
        (["DTSTART:20270601T080000Z", "DURATION:PT1H", "RRULE:FREQ=SOMETIMES"], ["06-01 08"]),
        (["DTSTART:20270601T080000Z", "DURATION:PT1H", "DTEND:later"], ["06-01 08"]),
        (["DTSTART;VALUE=DATE:20270601", "DTEND:later"], ["05-31 22"]),
        (["RECURRENCE-ID:then", "DTSTART:20270601T080000Z", "DURATION:PT1H"], ["06-01 08"]),
        (
            ["DTSTART:20270601T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=NO"],
            ["06-01 08", "06-02 08"],
        ),
    ],
)
def test_what_is_broken_costs_no_more_than_it_says(lines: list[str], busy: list[str]) -> None:
    found = expand(calendar(event(*lines)), YEARS)

    assert [f"{first:%m-%d %H}" for first, _ in found.busy["one"]] == busy
    assert [one.uid for one in found.unread] == ["one"]


@pytest.mark.parametrize(
    ("line", "busy"),
    [
        # Ten o'clock in Berlin is eight in UTC: a time without a zone may be of either.
        ("EXDATE:20270602T100000", ["06-01 08", "06-03 08"]),
        ("EXDATE:20270602T080000", ["06-01 08", "06-03 08"]),
        ("EXDATE:20270602T090000", ["06-01 08", "06-02 08", "06-03 08"]),
        ("RDATE:20270605T100000", ["06-01 08", "06-02 08", "06-03 08", "06-05 08", "06-05 10"]),
        ("EXDATE:20270602T080000Z,when", ["06-01 08", "06-03 08"]),
    ],
)
def test_a_time_without_a_zone_beside_times_of_utc_may_be_of_either(line: str, busy: list[str]) -> None:
    found = expand(
        calendar(event("DTSTART:20270601T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", line)), YEARS
    )

    assert [f"{first:%m-%d %H}" for first, _ in found.busy["one"]] == busy
    assert (found.unread, len(found.doubtful)) == ([], 1 if "when" in line else 0)


EIGHT = ["DTSTART:20270601T080000Z", "DURATION:PT1H"]
EVER = ["99991231T235959Z", "99991231T235959", "99991231", "25000101T000000Z"]


@pytest.mark.parametrize("until", EVER)
@pytest.mark.parametrize("start", ["DTSTART;TZID=Europe/Berlin:20270601T110000", "DTSTART:20270601T090000Z",
                                   "DTSTART:20270601T110000", "DTSTART;VALUE=DATE:20270601"])  # fmt: skip
def test_for_ever_is_an_end(start: str, until: str) -> None:
    found = expand(calendar(event(start, "DURATION:P1D", f"RRULE:FREQ=WEEKLY;UNTIL={until}")), SUMMER)

    assert len(found.busy["one"]) == 9
    assert (found.unread, found.doubtful) == ([], [])


@pytest.mark.parametrize(
    "line",
    ["EXDATE;TZID=Europe/Berlin:00010101T000000", "EXDATE:99991231T235959Z", "EXDATE;VALUE=DATE:00010101",
     "RDATE:00010101T000000Z", "RDATE:99991231T000000Z"],
)  # fmt: skip
def test_a_date_that_is_never_changes_nothing(line: str) -> None:
    weekly = event("DTSTART:20270601T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", line)

    assert len(expand(calendar(weekly), SUMMER).busy["one"]) == 9


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        # What is nested belongs to what it is nested in.
        ([*EIGHT, "BEGIN:X-A", "BEGIN:X-A", "END:X-A", "STATUS:CANCELLED", "END:X-A"], ["06-01 08"]),
        # Of two readings that are both occurrences, nothing says which is meant.
        (["DTSTART:20270601T080000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY;COUNT=4", "EXDATE:20270601T100000"],
         ["06-01 08", "06-01 09", "06-01 10", "06-01 11"]),
        # What is left out ends when that is sure.
        (["DTSTART;TZID=Europe/Berlin:20270601T110000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3",
          "EXRULE:FREQ=DAILY;UNTIL=20270602T100000"], ["06-02 09", "06-03 09"]),
        (["DTSTART;TZID=Europe/Berlin:20270601T140000", "DURATION:PT1H",
          "RRULE:FREQ=DAILY;UNTIL=20270603T100000-0500"], ["06-01 12", "06-02 12", "06-03 12"]),
        ([*EIGHT, "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"], ["06-01 08"]),
        (["DTSTART;VALUE=PERIOD:20270601T080000Z/PT1H"], ["06-01 08"]),
        ([*EIGHT, "RECURRENCE-ID:20270601T080000Z", "RRULE:FREQ=DAILY;COUNT=2"], ["06-01 08", "06-02 08"]),
    ],
)  # fmt: skip
def test_what_may_be_meant_is_busy(lines: list[str], busy: list[str]) -> None:
    found = expand(calendar(event(*lines)), SUMMER)

    assert [f"{first:%m-%d %H}" for first, _ in found.busy["one"]] == busy


@pytest.mark.parametrize("end", ["DURATION:PT1.5H", "DTEND:xx", "DURATION:P1Y", "DURATION:PT30M1H"])
def test_what_has_an_end_that_makes_no_sense_lasts_for_the_day(end: str) -> None:
    found = expand(calendar(event("DTSTART;TZID=Europe/Berlin:20270601T100000", end)), SUMMER)

    assert [(f"{first:%m-%d %H}", f"{last:%m-%d %H}") for first, last in found.busy["one"]] == [
        ("06-01 08", "06-01 22")
    ]
    assert len(found.unread) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_changes_for_all_that_follow_the_busy_one_counts(order: tuple[int, int]) -> None:
    weekly = event("RRULE:FREQ=WEEKLY;COUNT=3", start="2027-06-01T08:00Z", end="2027-06-01T09:00Z")
    later = "RECURRENCE-ID;RANGE=THISANDFUTURE:20270608T080000Z"
    changes = (
        event(later, start="2027-06-08T12:00Z", end="2027-06-08T13:00Z"),
        event(later, "STATUS:CANCELLED", start="2027-06-08T08:00Z", end="2027-06-08T09:00Z"),
    )
    found = expand(calendar(weekly, *(changes[place] for place in order)), SUMMER)

    assert [f"{first:%m-%d %H}" for first, _ in found.busy["one"]] == ["06-01 08", "06-08 12", "06-15 12"]


def test_a_short_name_is_the_zone_that_its_calendar_describes() -> None:
    own = CUSTOM_ZONE.replace("TZID:Office", "TZID:EST")
    text = calendar(own, event("DTSTART;TZID=EST:20270601T100000", "DURATION:PT1H"))

    assert spans(text) == ["2027-06-01 08:00/09:00"]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (["DTSTART:20270601T080000Z", "DTEND;TZID=Nowhere/Land:20270601T110000"], 1),
        (["DTSTART:20270601T080000Z", "DURATION:PT1H", "RDATE;TZID=Nowhere/Land:20270603T110000"], 2),
        (
            [
                "DTSTART:20270131T080000Z",
                "DURATION:PT1H",
                "RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD",
            ],
            1,
        ),
    ],
)
def test_what_is_read_by_a_guess_is_told(lines: list[str], count: int) -> None:
    found = expand(calendar(event(*lines)), SUMMER)

    assert len(found.busy["one"]) >= count
    assert [one.uid for one in (*found.unread, *found.doubtful)] == ["one"]


def test_a_period_without_an_end_hides_no_other() -> None:
    line = "FREEBUSY:20270601T080000Z/PT1H,20270601T120000Z,20270601T140000Z/PT1H"
    found = expand(calendar("BEGIN:VFREEBUSY", "UID:fb", line, "END:VFREEBUSY"), SUMMER)

    assert [f"{first:%H}" for first, _ in found.busy["fb"]] == ["08", "14"]
    assert len(found.unread) == 1


def test_a_carriage_return_within_a_line_begins_no_other() -> None:
    text = calendar(
        event("SUMMARY:foo\rSTATUS:CANCELLED", start="2027-06-01T08:00Z", end="2027-06-01T09:00Z")
    )

    assert len(expand(text, SUMMER).busy["one"]) == 1


def test_busy_time_is_cut_at_the_window() -> None:
    day = Range(datetime(2027, 6, 28, tzinfo=UTC), datetime(2027, 6, 29, tzinfo=UTC), ZoneInfo("UTC"))
    weeks = event(start="2027-06-01T10:00Z", end="2027-07-01T10:00Z")

    assert spans(calendar(weeks), day) == ["2027-06-28 00:00/00:00"]
