"""A phone that asks for single instances gets them, in bounded time, whatever it has written before."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from dav.recurrences import MOST_INSTANCES
from sync.caldav.sandboxed_expansion import expand_all
from tests.sync.phone import BUSY, DAY, VISITS, Phone, Practice, event, stamp, told_by

FAR = datetime(2500, 1, 1, tzinfo=UTC)
# No second of any year is such a one, which takes years of computing to find out.
NEVER = "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"


def recurring(rule: str, uid: str = "a") -> str:
    return event(uid).replace("DTEND", f"{rule}\r\nDTEND")


def asked(phone: Phone, calendar: str, first: datetime, last: datetime) -> tuple[int, str, dict[str, str]]:
    """Ask for the instances of all objects, and give the status, the answer, and each object's text."""
    expand = f'<C:expand start="{first:%Y%m%dT%H%M%SZ}" end="{last:%Y%m%dT%H%M%SZ}"/>'
    inner = (
        f"<D:prop><C:calendar-data>{expand}</C:calendar-data></D:prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
    )
    answer = phone.report(calendar, "C:calendar-query", inner, depth="1")
    found = told_by(answer) if answer.status_code == 207 else {}
    return answer.status_code, answer.text, {name: one["calendar-data"] for name, one in found.items()}


def test_a_phone_gets_single_instances_of_what_recurs(practice: Practice, phone: Phone) -> None:
    practice.booked("10:00")
    phone.put("a.ics", recurring("RRULE:FREQ=DAILY;COUNT=5"))
    phone.put("b.ics", event("b", "15:00", "16:00"))

    _, _, told = asked(phone, BUSY, DAY + timedelta(days=1), DAY + timedelta(days=3))
    _, _, visits = asked(phone, VISITS, DAY, DAY + timedelta(days=1))

    assert re.findall(r"DTSTART:(\S+)", told["a.ics"]) == [
        f"{DAY + timedelta(days=number, hours=12):%Y%m%dT%H%M%SZ}" for number in (1, 2)
    ]
    assert told["a.ics"].count("RECURRENCE-ID:") == 2
    assert "RRULE" not in told["a.ics"]
    assert told["b.ics"] == event("b", "15:00", "16:00")
    assert [f"DTSTART:{stamp('10:40')}" in text for text in visits.values()] == [True]


def test_too_many_instances_are_refused_by_their_name(phone: Phone) -> None:
    phone.put("a.ics", recurring("RRULE:FREQ=HOURLY"))
    enough = timedelta(hours=MOST_INSTANCES)

    status, text, _ = asked(phone, BUSY, DAY + timedelta(hours=12), DAY + timedelta(hours=12) + enough)
    refused, why, _ = asked(phone, BUSY, DAY + timedelta(hours=12), DAY + timedelta(hours=13) + enough)

    assert (status, text.count("BEGIN:VEVENT")) == (207, MOST_INSTANCES)
    assert (refused, "<C:max-instances />" in why) == (403, True)


def test_the_instances_of_all_objects_are_counted_together(phone: Phone) -> None:
    for name in ("a", "b"):
        phone.put(f"{name}.ics", recurring("RRULE:FREQ=HOURLY", uid=name))
    half = timedelta(hours=MOST_INSTANCES // 2)

    status, text, _ = asked(phone, BUSY, DAY + timedelta(hours=12), DAY + timedelta(hours=12) + half)
    refused, _, _ = asked(phone, BUSY, DAY + timedelta(hours=12), DAY + timedelta(hours=13) + half)

    assert (status, text.count("BEGIN:VEVENT"), refused) == (207, MOST_INSTANCES, 403)


def test_what_takes_too_long_is_given_as_it_is_and_spoils_nothing_else() -> None:
    far = [recurring(rule).replace(f"{DAY:%Y}", f"{FAR:%Y}").encode() for rule in (NEVER, "RRULE:FREQ=DAILY")]

    never, daily = expand_all(far, FAR, FAR + timedelta(days=366))

    assert never == far[0]
    assert daily.count(b"BEGIN:VEVENT") > 5


@pytest.mark.parametrize("number", [0, 3])
def test_where_everything_takes_too_long_all_is_given_as_it_is(number: int) -> None:
    texts = [recurring(NEVER).replace(f"{DAY:%Y}", f"{FAR:%Y}").encode()] * number

    assert expand_all(texts, FAR, FAR + timedelta(days=366)) == texts
