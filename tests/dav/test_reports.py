"""Reports: queries, named objects, changes since a token, and busy time."""

from http import HTTPStatus
from xml.etree import ElementTree as ET

import pytest

from tests.dav.shelf import BUSY, DATA, VISITS, XMLNS, Program, Shelf, event, responses_of


def query(program: Program, inner: str, path: str = BUSY) -> list[str]:
    body = (
        f"<C:calendar-query {XMLNS}>{DATA}<C:filter>"
        f'<C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter></C:calendar-query>'
    )
    answered = program.ask("REPORT", path, body, depth="1")
    assert answered.status == HTTPStatus.MULTI_STATUS, answered.body
    return [href for href, _, _ in responses_of(answered)]


def sync(program: Program, token: str = "", limit: int | None = None, path: str = BUSY) -> tuple:  # type: ignore[type-arg]
    bound = "" if limit is None else f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>"
    answered = program.ask(
        "REPORT",
        path,
        f"<D:sync-collection {XMLNS}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
        f"{bound}<D:prop><D:getetag/></D:prop></D:sync-collection>",
    )
    assert answered.status == HTTPStatus.MULTI_STATUS, answered.body
    told = {href: status for href, _, status in responses_of(answered)}
    return told, ET.fromstring(answered.body).findtext("{DAV:}sync-token")  # noqa: S314 - our own answer


def test_named_objects_come_however_they_are_named(program: Program, busy: Shelf) -> None:
    busy.objects = {"a b.ics": event("a"), "c.ics": event("c")}
    hrefs = (f"{BUSY}a%20b.ics", f"https://example.org{BUSY}c.ics", f"{BUSY}gone.ics", f"{VISITS}v.ics", "::")
    body = "".join(f"<D:href>{href}</D:href>" for href in hrefs)

    answered = program.ask("REPORT", BUSY, f"<C:calendar-multiget {XMLNS}>{DATA}{body}</C:calendar-multiget>")

    told = [(href, status, "calendar-data" in props) for href, props, status in responses_of(answered)]
    missing = "HTTP/1.1 404 Not Found"
    assert told == [
        (hrefs[0], None, True),
        (f"{BUSY}c.ics", None, True),
        (hrefs[2], missing, False),
        (hrefs[3], missing, False),
        (hrefs[4], missing, False),
    ]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("20270601T080000Z", "20270601T090000Z", False),
        ("20270601T080000Z", "20270601T090001Z", True),
        ("20270601T095959Z", "20270601T110000Z", True),
        ("20270601T100000Z", "20270601T110000Z", False),
    ],
)
def test_a_query_by_time_is_half_open(
    program: Program, busy: Shelf, start: str, end: str, found: bool
) -> None:
    busy.objects["a.ics"] = event("a", 9)

    ranged = f'<C:comp-filter name="VEVENT"><C:time-range start="{start}" end="{end}"/></C:comp-filter>'
    assert query(program, ranged) == ([f"{BUSY}a.ics"] if found else [])


@pytest.mark.parametrize(
    ("inner", "names"),
    [
        ("", ["a", "b"]),
        ('<C:comp-filter name="VEVENT"/>', ["a", "b"]),
        ('<C:comp-filter name="VTODO"/>', []),
        ('<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>', ["a", "b"]),
        ('<C:comp-filter name="VEVENT"><C:is-not-defined/></C:comp-filter>', []),
        (
            (
                '<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match collation="i;octet">'
                "a</C:text-match></C:prop-filter></C:comp-filter>"
            ),
            ["a"],
        ),
        (
            (
                '<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match '
                'negate-condition="yes">LUNCH</C:text-match></C:prop-filter></C:comp-filter>'
            ),
            ["a"],
        ),
        (
            (
                '<C:comp-filter name="VEVENT"><C:prop-filter name="LOCATION"><C:is-not-defined/>'
                "</C:prop-filter></C:comp-filter>"
            ),
            ["a", "b"],
        ),
        ('<C:comp-filter name="VEVENT"><C:prop-filter name="LOCATION"/></C:comp-filter>', []),
    ],
)
def test_a_query_by_content(program: Program, busy: Shelf, inner: str, names: list[str]) -> None:
    busy.objects = {"a.ics": event("a", summary="Visit"), "b.ics": event("b", summary="Lunch")}

    assert query(program, inner) == [f"{BUSY}{name}.ics" for name in names]


@pytest.mark.parametrize(
    ("inner", "element"),
    [
        (
            '<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"/></C:comp-filter>',
            b"supported-filter",
        ),
        (
            (
                '<C:comp-filter name="VEVENT"><C:prop-filter name="ATTENDEE"><C:param-filter name="X"/>'
                "</C:prop-filter></C:comp-filter>"
            ),
            b"supported-filter",
        ),
        (
            (
                '<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match collation="i;unicode">'
                "a</C:text-match></C:prop-filter></C:comp-filter>"
            ),
            b"supported-collation",
        ),
        ('<C:comp-filter name="VEVENT"><C:time-range start="now"/></C:comp-filter>', b"valid-filter"),
        (
            (
                '<C:comp-filter name="VEVENT"><C:time-range start="20270602T000000Z" end="20270601T000000Z"/>'
                "</C:comp-filter>"
            ),
            b"valid-filter",
        ),
    ],
)
def test_a_filter_that_cannot_be_answered_is_refused_and_never_ignored(
    program: Program, inner: str, element: bytes
) -> None:
    body = (
        f"<C:calendar-query {XMLNS}>{DATA}<C:filter>"
        f'<C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter></C:calendar-query>'
    )

    answered = program.ask("REPORT", BUSY, body)

    assert answered.status == HTTPStatus.FORBIDDEN
    assert element in answered.body


def test_a_program_that_follows_learns_of_all_that_came_and_went(program: Program) -> None:
    told, token = sync(program)
    assert told == {}
    program.ask("PUT", f"{BUSY}a.ics", event("a"))
    program.ask("PUT", f"{BUSY}b.ics", event("b"))
    told, token = sync(program, token)
    assert told == {f"{BUSY}a.ics": None, f"{BUSY}b.ics": None}
    program.ask("DELETE", f"{BUSY}a.ics")

    told, token = sync(program, token)
    assert told == {f"{BUSY}a.ics": "HTTP/1.1 404 Not Found"}
    assert sync(program, token)[0] == {}


def test_a_part_of_the_changes_says_that_there_are_more(program: Program) -> None:
    for name in "abc":
        program.ask("PUT", f"{BUSY}{name}.ics", event(name))

    told, token = sync(program, limit=2)
    assert told.pop(BUSY) == "HTTP/1.1 507 Insufficient Storage"
    assert set(told) == {f"{BUSY}a.ics", f"{BUSY}b.ics"}
    assert sync(program, token, limit=2)[0] == {f"{BUSY}c.ics": None}


def test_a_token_of_nobody_is_refused_by_its_name(program: Program) -> None:
    body = (
        f"<D:sync-collection {XMLNS}><D:sync-token>urn:x</D:sync-token><D:sync-level>1</D:sync-level>"
        "</D:sync-collection>"
    )

    answered = program.ask("REPORT", BUSY, body)

    assert answered.status == HTTPStatus.FORBIDDEN
    assert b"valid-sync-token" in answered.body


def test_busy_time_is_told_without_what_it_is(program: Program, busy: Shelf) -> None:
    busy.objects["a.ics"] = event("a", 9, summary="Secret")

    answered = program.ask(
        "REPORT",
        BUSY,
        f'<C:free-busy-query {XMLNS}><C:time-range start="20270601T000000Z" end="20270602T000000Z"/>'
        "</C:free-busy-query>",
        depth="1",
    )

    assert answered.headers["Content-Type"].startswith("text/calendar")
    assert b"FREEBUSY;FBTYPE=BUSY:20270601T090000Z/20270601T100000Z" in answered.body
    assert b"Secret" not in answered.body


@pytest.mark.parametrize(
    "inner",
    [
        (
            "<D:sync-collection {x}><D:sync-level>1</D:sync-level>"
            "<D:limit><D:nresults>0</D:nresults></D:limit></D:sync-collection>"
        ),
        "<D:sync-collection {x}><D:sync-level>2</D:sync-level></D:sync-collection>",
        "<C:calendar-query {x}/>",
        "<C:calendar-multiget {x}/>",
        "<C:free-busy-query {x}/>",
        '<C:free-busy-query {x}><C:time-range start="20270601T000000Z"/></C:free-busy-query>',
    ],
)
def test_a_report_that_lacks_what_it_needs_is_malformed(program: Program, inner: str) -> None:
    assert program.ask("REPORT", BUSY, inner.format(x=XMLNS)).status == HTTPStatus.BAD_REQUEST
