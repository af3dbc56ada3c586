"""What programs write as an event is taken as they write it, and given back octet for octet."""

import pytest
from werkzeug.test import TestResponse

from sync.caldav.uploads import DEEPEST
from tests.sync.phone import BUSY, Phone, Practice, at, event, told_by

WHOLE = event("a")
PLACE = "BEGIN:VLOCATION\r\nUID:place\r\nNAME:Surgery\r\nEND:VLOCATION\r\n"
PERSON = (
    "BEGIN:PARTICIPANT\r\nUID:person\r\nPARTICIPANT-TYPE:CONTACT\r\nCALENDAR-ADDRESS:mailto:a@example.org\r\n"
    f"{PLACE}END:PARTICIPANT\r\n"
)
UNKNOWN = "BEGIN:X-PHONE\r\nX-MODEL:9\r\nBEGIN:X-PART\r\nDTSTART:soon\r\nEND:X-PART\r\nEND:X-PHONE\r\n"
ALARM = f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\n{PLACE}END:VALARM\r\n"


def nested(levels: int) -> str:
    """Write components that are unknown, each within the one before."""
    names = [f"X-{level}" for level in range(levels)]
    begins = "".join(f"BEGIN:{name}\r\n" for name in names)
    return begins + "".join(f"END:{name}\r\n" for name in reversed(names))


def in_event(inner: str) -> str:
    """Write the event with more at its end."""
    return WHOLE.replace("END:VEVENT", f"{inner}END:VEVENT")


def beside_event(inner: str) -> str:
    """Write the event with more before it."""
    return WHOLE.replace("BEGIN:VEVENT", f"{inner}BEGIN:VEVENT")


TAKEN = {
    "mark at the start": "\ufeff" + WHOLE,
    "place": in_event(PLACE),
    "person": in_event(PERSON),
    "place of an alarm": in_event(ALARM),
    "resource": in_event("BEGIN:VRESOURCE\r\nUID:r\r\nRESOURCE-TYPE:PROJECTOR\r\nEND:VRESOURCE\r\n"),
    "unknown in the event": in_event(UNKNOWN),
    "unknown before the event": beside_event(UNKNOWN),
    "unknown after the event": WHOLE.replace("END:VCALENDAR", f"{UNKNOWN}END:VCALENDAR"),
    "unknown without a prefix": beside_event("BEGIN:VSOMETHING\r\nEND:VSOMETHING\r\n"),
    "deep": in_event(nested(DEEPEST - 2)),
    "small letters": WHOLE.replace("BEGIN:", "begin:").replace("END:V", "end:v").replace("VEVENT", "vevent"),
    "blank lines": WHOLE.replace("\r\n", "\r\n\r\n"),
    "blanks at the ends of lines": WHOLE.replace("\r\n", " \r\n").replace("END:VEVENT ", "END:VEVENT\t "),
    "blanks after a name alone": WHOLE.replace("VEVENT\r\n", "VEVENT \r\n"),
    "line feeds alone": WHOLE.replace("\r\n", "\n"),
    "folded names": WHOLE.replace("BEGIN:VEVENT", "BEG\r\n IN:VE\r\n\tVENT").replace("DTEND", "DTE\r\n ND"),
    "other separators": event("a", summary="one\u2028END:VEVENT\u0085two"),
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_an_event_is_taken_however_a_program_writes_it(practice: Practice, phone: Phone, body: str) -> None:
    made = phone.put("a.ics", body)
    got = phone.ask("GET", f"{BUSY}/a.ics")
    listed = told_by(phone.report(BUSY, "C:calendar-multiget", _named(phone)))
    refused = practice.clinic.book(at("12:00"), therapist_id=practice.ada["id"])

    assert made.status_code == 201, made.text
    assert got.data == body.encode()
    assert listed["a.ics"]["calendar-data"].encode() == body.encode()
    # Its time counts, whatever else it holds.
    assert [one["code"] for one in refused.get_json()["refusals"]] == ["therapist_busy"]


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_such_an_event_is_found_by_what_it_says(phone: Phone, body: str) -> None:
    phone.put("a.ics", body)

    assert list(told_by(_by_uid(phone, "a"))) == ["a.ics"]
    assert list(told_by(_by_uid(phone, "person"))) == []


REFUSED = {
    "task": (WHOLE.replace("VEVENT", "VTODO"), "supported-calendar-component"),
    "journal": (WHOLE.replace("VEVENT", "VJOURNAL"), "supported-calendar-component"),
    "task beside": (
        beside_event("BEGIN:VTODO\r\nUID:a\r\nEND:VTODO\r\n"),
        "supported-calendar-component",
    ),
    "task within": (
        in_event("BEGIN:X-A\r\nBEGIN:vtodo\r\nEND:VTODO\r\nEND:X-A\r\n"),
        "supported-calendar-component",
    ),
    "availability": (
        beside_event("BEGIN:VAVAILABILITY\r\nEND:VAVAILABILITY\r\n"),
        "supported-calendar-component",
    ),
    "too deep": (in_event(nested(DEEPEST - 1)), "valid-calendar-data"),
    "event within": (
        beside_event("BEGIN:X-A\r\nBEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nEND:X-A\r\n"),
        "valid-calendar-data",
    ),
    "nameless": (in_event("BEGIN:\r\nEND:\r\n"), "valid-calendar-data"),
    "crossed": (in_event("BEGIN:X-A\r\nBEGIN:X-B\r\nEND:X-A\r\nEND:X-B\r\n"), "valid-calendar-data"),
    "only unknown": ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "valid-calendar-object-resource"),
    "two marks": ("\ufeff\ufeff" + WHOLE, "valid-calendar"),
    "a person's name for it": (
        WHOLE.replace("UID:a\r\n", PERSON),
        "valid-calendar-object-resource",
    ),
}


@pytest.mark.parametrize(("body", "element"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_event_is_refused_by_its_name(phone: Phone, body: str, element: str) -> None:
    refused = phone.put("a.ics", body)

    assert (refused.status_code, element in refused.text) == (403, True), refused.text
    assert phone.ask("GET", f"{BUSY}/a.ics").status_code == 404


def _named(phone: Phone) -> str:
    return f"<D:prop><C:calendar-data/></D:prop><D:href>{phone.home}{BUSY}/a.ics</D:href>"


def _by_uid(phone: Phone, uid: str) -> TestResponse:
    match = (
        f'<C:prop-filter name="UID"><C:text-match collation="i;octet">{uid}</C:text-match></C:prop-filter>'
    )
    events = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{match}</C:comp-filter>'
    inner = f"<D:prop><D:getetag/></D:prop><C:filter>{events}</C:comp-filter></C:filter>"
    return phone.report(BUSY, "C:calendar-query", inner, depth="1")
