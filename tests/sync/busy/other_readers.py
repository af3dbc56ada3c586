"""Where other readers find something else in the odd calendars than we do, each with the reason.

A calendar is named as `kind: name`. A reason that is true no more fails the reader's test.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from sync.busy.expansion import expand
from tests.sync.busy.odd import ZONES, Odd, shown
from tests.sync.busy.odd_calendars import ODD

_ZONE_NAMES: Final = (
    "names of zones: with blanks around it",
    "names of zones: in quotes with blanks",
    "names of zones: in small letters",
    "names of zones: in capitals",
    "names of zones: of Windows",
    "names of zones: of Windows in quotes",
    "names of zones: of Windows in small letters",
)
_OWN_ZONE: Final = (
    "names of zones: of the calendar, plain",
    "names of zones: of the calendar, with blanks",
    "names of zones: of the calendar, in quotes",
    "names of zones: of the calendar, in small letters",
    "names of zones: of the calendar, of Windows",
)
_WHOLE_DAYS: Final = (
    "whole days that end when they begin: a date",
    "whole days that end when they begin: a birthday each week",
    "whole days that end when they begin: a date that names a zone",
    "whole days that end when they begin: a date that lasts no time",
    "whole days that end when they begin: a date that was moved within a series",
    "whole days that end when they begin: a date with an end on the night of 23 hours",
)
_PLACES: Final = (
    "the place of the day: the whole day away",
    "the place of the day: two whole days, the second away",
    "the place of the day: two whole days apart, one of them away",
    "the place of the day: a floating series",
    "the place of the day: an exception in UTC on the day away",
    "the place of the day: an exception in UTC that would be another day's",
    "the place of the day: an occurrence that was moved to the day away",
    "the place of the day: a floating series until the day away, by UTC",
    "the place of the day: an exception in UTC on the evening away, which falls on the next day in London",
    "a day in the east: a floating series until then, by UTC",
    "a day in the east: an exception in UTC",
)
_DATES_UNTIL: Final = (
    "the end of a series: a date for times of a zone",
    "the end of a series: a date for times of UTC",
    "the end of a series: a date for floating times",
)
_START: Final = ("days of a rule: Wednesdays from a Tuesday, which is the first date all the same",)
_TWICE: Final = ("the end of a series: in the hour that is there twice",)
_FIRST_DATE: Final = ("the end of a series: before the first date, which stays",)
_STATES: Final = ("free and busy states: Outlook's free alone",)
_MIXED: Final = "floating, UTC and unknown zones together: "
_UTC_UNTIL_FLOATING: Final = (
    _MIXED + "an end in UTC of a series in a zone that nobody knows, which lies in the east",
    "the end of a series: UTC for floating times",
)
_UNTIL_WHOLE_DAYS: Final = (
    "the end of a series: a time for whole days, midnight where the therapist works",
    "the end of a series: a time for whole days, the last second in UTC, which falls on the next day",
)
_ADDED_PERIODS: Final = (
    "added periods: from one instant to another",
    "added periods: of a length",
    "added periods: two in a zone",
)
_SHARED: Final[dict[str, tuple[str, ...]]] = {
    "It knows a zone by its exact name alone, and takes other times as floating.": _ZONE_NAMES,
    "It does not read X-WR-TIMEZONE.": _OWN_ZONE,
    "A date that ends when it begins takes no time.": _WHOLE_DAYS,
    "It knows one zone for floating times, and not one for each day.": _PLACES,
    "UNTIL as a date is its midnight, so the last date is lost.": _DATES_UNTIL,
    "A start that its rule does not name is no date.": _START,
    "UNTIL in UTC is compared by the clock of the series, which shows an hour twice.": _TWICE,
    "UNTIL before the start loses the first date.": _FIRST_DATE,
    "It does not read Microsoft's property.": _STATES,
    "UNTIL in UTC is compared with a floating time digit by digit.": _UTC_UNTIL_FLOATING,
    "UNTIL in UTC is a date of UTC, wherever the therapist works.": _UNTIL_WHOLE_DAYS,
}
ICAL_JS: Final[dict[str, tuple[str, ...]]] = _SHARED | {
    "It refuses the whole calendar for a line without a colon.": (
        "what is not needed: broken properties of the calendar itself",
        "what is not needed: a description whose second line lost its blank, as scripts in PHP write it",
    ),
    "It refuses the whole calendar for one broken time.": (
        "what is not needed: a start that is broken costs its event alone",
        "what is not needed: an excluded date that is broken excludes nothing",
        "whole days that end when they begin: a date by its form alone, as phpicalendar has it",
        "published free and busy time: with a period that is broken",
    ),
    "It refuses the whole calendar for one broken rule.": (
        "what is not needed: a rule that is broken leaves the first date",
        "what is not needed: a rule without its frequency leaves the first date",
    ),
    "It refuses the whole calendar for an empty value.": (
        "empty values: an exception",
        "empty values: an exception with its zone",
        "empty values: a duration of a whole day",
        "empty values: an added date",
    ),
    "It knows no zone by the last part of a path.": ("names of zones: of Evolution, not described",),
    "It compares a floating date with another kind of date digit by digit.": (
        _MIXED + "an exception in UTC in a floating series",
        _MIXED + "a floating exception in a series of the therapist's zone",
        _MIXED + "an override named in UTC in a floating series",
    ),
    "With dates that are added and no rule, it leaves the start out.": (
        _MIXED + "a date in UTC added to a floating series",
        *_ADDED_PERIODS,
    ),
    "It adds every length to the clock on the wall.": (
        "lengths where the clocks change: an end, repeated in the night of 23 hours",
        "lengths where the clocks change: an end that begins in the night of 25 hours",
        "lengths where the clocks change: hours are exact in the night of 23 hours",
        "lengths where the clocks change: hours are exact in the night of 25 hours",
        "lengths where the clocks change: 24 hours are no day",
    ),
    "UNTIL without a zone is a time of UTC.": ("the end of a series: local where UTC was due",),
    "A date that is left out is left out with its override.": (
        "an exception beside an override of its date: moved within the day",
        "an exception beside an override of its date: where it was",
        "an exception beside an override of its date: moved to another day",
    ),
}
LIBICAL: Final[dict[str, tuple[str, ...]]] = _SHARED | {
    "A date that ends when it begins takes no time.": (
        *_WHOLE_DAYS,
        "whole days that end when they begin: a date by its form alone, as phpicalendar has it",
    ),
    "It subtracts a floating start from an end in UTC digit by digit.": (
        _MIXED + "an end in UTC of a floating start",
        _MIXED + "an end in UTC of a start in a zone that nobody knows",
    ),
    "It compares a floating date with another kind of date digit by digit.": (
        _MIXED + "an exception in UTC in a floating series",
    ),
    "An added date is of the start's kind, whatever its own.": (
        _MIXED + "a date in UTC added to a floating series",
    ),
    "It repeats the exact length, and not what the clock shows.": (
        "lengths where the clocks change: an end, repeated in the night of 25 hours",
    ),
    "24 hours are a day.": ("lengths where the clocks change: 24 hours are no day",),
    "It does not read added periods.": (
        *_ADDED_PERIODS,
        "added periods: beside a rule and plain dates",
        "added periods: one that begins with a date of the rule and lasts longer",
    ),
    "It does not move the dates that follow.": (
        "this and all that follow: later in the day",
        "this and all that follow: longer",
        "this and all that follow: on the next day, each week",
        "this and all that follow: and one of them changed by itself",
        "this and all that follow: of whole days",
    ),
}


def judge(odd: Odd, theirs: Mapping[str, tuple[str, ...]], stated: Mapping[str, str]) -> None:
    """Insist that a reader finds the busy time that we find, or differs for a stated reason."""
    ours = shown(span for spans in expand(odd.text, odd.within).busy.values() for span in spans)
    if str(odd) in stated:
        assert theirs[str(odd)] != ours, f"This is true no more: {stated[str(odd)]}"
    else:
        assert theirs[str(odd)] == ours


def reasons(reader: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Give the reason for each calendar in which a reader finds something else."""
    found = {name: reason for reason, names in reader.items() for name in names}
    assert found.keys() <= {str(odd) for odd in ODD}
    return found


def asked() -> bytes:
    """Give all odd calendars as JSON, for a reader in another language."""
    calendars = [
        {
            "text": odd.text.decode(),
            "zone": odd.within.zone.key,
            "first": int(odd.within.first.timestamp()),
            "last": int(odd.within.last.timestamp()),
        }
        for odd in ODD
    ]
    zones = [f"{text}\n".replace("\n", "\r\n") for text in ZONES.values()]
    return json.dumps({"calendars": calendars, "zones": zones}).encode()


def answered(printed: bytes) -> dict[str, tuple[str, ...]]:
    """Give what a reader has found in each calendar: spans, or a sentence on why it refused the calendar."""
    found: list[list[list[float]] | str] = json.loads(printed)
    return {
        str(odd): (one,) if isinstance(one, str) else shown((_utc(first), _utc(last)) for first, last in one)
        for odd, one in zip(ODD, found, strict=True)
    }


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
