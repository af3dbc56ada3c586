"""Calendar programs find, read and follow their calendars, and write into writable calendars."""

from http import HTTPStatus

import pytest

from dav.server import METHODS
from tests.dav.shelf import BUSY, HOME, PREFIX, VISITS, XMLNS, Program, Shelf, event, responses_of, tag


def propfind(program: Program, path: str, names: str, depth: str = "0", **headers: str) -> list:  # type: ignore[type-arg]
    body = f"<D:propfind {XMLNS}><D:prop>{names}</D:prop></D:propfind>"
    answered = program.ask("PROPFIND", path, body, depth=depth, **headers)
    assert answered.status == HTTPStatus.MULTI_STATUS
    return list(responses_of(answered))


def test_a_program_finds_its_calendars_from_the_root(program: Program) -> None:
    ((_, root, _),) = propfind(program, PREFIX, "<D:current-user-principal/>")
    principal = root["current-user-principal"].findtext("{DAV:}href")
    ((_, own, _),) = propfind(program, principal, "<C:calendar-home-set/><D:resourcetype/>")
    home = own["calendar-home-set"].findtext("{DAV:}href")
    found = propfind(program, home, "<D:resourcetype/><C:supported-calendar-component-set/>", depth="1")

    calendars = [href for href, props, _ in found if props["resourcetype"].find("{*}calendar") is not None]
    assert (principal, home, calendars) == (HOME, HOME, [VISITS, BUSY])
    assert found[1][1]["supported-calendar-component-set"][0].get("name") == "VEVENT"


def test_only_a_writable_calendar_offers_to_be_written(program: Program) -> None:
    rights = {
        path: {one.tag for one in props["current-user-privilege-set"].iter()}
        for path in (VISITS, BUSY)
        for _, props, _ in propfind(program, path, "<D:current-user-privilege-set/>")
    }

    assert not [one for one in rights[VISITS] if "write" in one or "bind" in one]
    writing = {"{DAV:}write-properties", "{DAV:}write-content", "{DAV:}bind", "{DAV:}unbind"}
    assert writing <= rights[BUSY]


def test_properties_that_are_not_there_are_told_apart_unless_only_what_is_there_is_wanted(
    program: Program,
) -> None:
    body = f"<D:propfind {XMLNS}><D:prop><D:displayname/><A:calendar-color/></D:prop></D:propfind>"

    told = program.ask("PROPFIND", BUSY, body, depth="0").body
    minimal = program.ask("PROPFIND", BUSY, body, depth="0", prefer="return=minimal").body

    assert b"404 Not Found" in told
    assert b"calendar-color" in told
    assert b"404" not in minimal


@pytest.mark.parametrize("body", ["", f"<D:propfind {XMLNS}><D:allprop/></D:propfind>"])
def test_who_asks_for_everything_gets_no_calendar_data(program: Program, body: str) -> None:
    answered = program.ask("PROPFIND", VISITS, body, depth="1")

    (_, of_calendar, _), (_, of_object, _) = responses_of(answered)
    assert "displayname" in of_calendar
    assert "getetag" in of_object
    assert "calendar-data" not in of_object


def test_names_of_properties_come_without_values(program: Program) -> None:
    answered = program.ask("PROPFIND", BUSY, f"<D:propfind {XMLNS}><D:propname/></D:propfind>", depth="0")

    ((_, props, _),) = responses_of(answered)
    assert {"displayname", "sync-token", "getctag"} <= set(props)
    assert not any(prop.text or len(prop) for prop in props.values())


def test_a_walk_through_everything_is_refused(program: Program) -> None:
    answered = program.ask("PROPFIND", PREFIX, depth="infinity")

    assert answered.status == HTTPStatus.FORBIDDEN
    assert b"propfind-finite-depth" in answered.body


def test_what_is_put_is_given_back_octet_for_octet(program: Program) -> None:
    body = event("a", summary="Zürich <&> \U0001f426")

    made = program.ask("PUT", f"{BUSY}a.ics", body, content_type="text/calendar; charset=utf-8")
    got = program.ask("GET", f"{BUSY}a.ics")
    listed = propfind(program, f"{BUSY}a.ics", "<C:calendar-data/><D:getcontentlength/>")

    assert (made.status, made.headers["ETag"]) == (HTTPStatus.CREATED, tag(body))
    assert (got.body, got.headers["ETag"]) == (body, tag(body))
    assert listed[0][1]["calendar-data"].text.encode() == body
    assert listed[0][1]["getcontentlength"].text == str(len(body))


@pytest.mark.parametrize(
    ("there", "headers", "status"),
    [
        (False, {"if_none_match": "*"}, HTTPStatus.CREATED),
        (True, {"if_none_match": "*"}, HTTPStatus.PRECONDITION_FAILED),
        (False, {"if_match": "*"}, HTTPStatus.PRECONDITION_FAILED),
        (True, {"if_match": "*"}, HTTPStatus.NO_CONTENT),
        (True, {"if_match": tag(event("a"))}, HTTPStatus.NO_CONTENT),
        (True, {"if_match": f'"other", {tag(event("a"))}'}, HTTPStatus.NO_CONTENT),
        (True, {"if_match": '"other"'}, HTTPStatus.PRECONDITION_FAILED),
        (True, {"if_match": f"W/{tag(event('a'))}"}, HTTPStatus.PRECONDITION_FAILED),
        (True, {"if_match": ""}, HTTPStatus.PRECONDITION_FAILED),
        (True, {"if": f"([{tag(event('a'))}])"}, HTTPStatus.PRECONDITION_FAILED),
        (False, {"if": "(<opaquelocktoken:a>)"}, HTTPStatus.PRECONDITION_FAILED),
    ],
)
def test_a_write_heeds_its_preconditions(
    program: Program, busy: Shelf, there: bool, headers: dict[str, str], status: HTTPStatus
) -> None:
    busy.objects = {"a.ics": event("a")} if there else {}

    assert program.ask("PUT", f"{BUSY}a.ics", event("a", 10), **headers).status == status
    written = busy.objects.get("a.ics") == event("a", 10)
    assert written is (status < HTTPStatus.BAD_REQUEST)


def test_a_stale_deletion_changes_nothing(program: Program, busy: Shelf) -> None:
    busy.objects["a.ics"] = event("a")

    stale = program.ask("DELETE", f"{BUSY}a.ics", if_match='"other"')
    assert (stale.status, len(busy.objects)) == (HTTPStatus.PRECONDITION_FAILED, 1)
    assert program.ask("DELETE", f"{BUSY}a.ics", if_match=tag(event("a"))).status == HTTPStatus.NO_CONTENT
    assert program.ask("DELETE", f"{BUSY}a.ics").status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("body", "headers", "element"),
    [
        (event("a") + b" " * 1_000, {}, b"max-resource-size"),
        (event("a"), {"content_type": "application/json"}, b"supported-calendar-data"),
        (event("v"), {}, b"no-uid-conflict"),
    ],
)
def test_an_object_that_is_refused_names_the_precondition(
    program: Program, busy: Shelf, body: bytes, headers: dict[str, str], element: bytes
) -> None:
    busy.objects["v.ics"] = event("v")

    answered = program.ask("PUT", f"{BUSY}a.ics", body, **headers)

    assert answered.status == HTTPStatus.FORBIDDEN
    assert element in answered.body
    assert list(busy.objects) == ["v.ics"]


def test_an_object_whose_identifier_is_taken_names_the_other(program: Program, busy: Shelf) -> None:
    busy.objects["v.ics"] = event("v")

    answered = program.ask("PUT", f"{BUSY}a.ics", event("v"))

    assert f"<D:href>{BUSY}v.ics</D:href>".encode() in answered.body


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", [f"{VISITS}v.ics", f"{VISITS}new.ics", VISITS, BUSY, HOME, PREFIX])
def test_nothing_else_can_be_written(program: Program, method: str, path: str) -> None:
    answered = program.ask(method, path, event("v", 13))

    assert answered.status == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("method", ["COPY", "MOVE", "LOCK", "POST"])
def test_methods_of_a_larger_server_are_not_allowed(program: Program, method: str) -> None:
    assert program.ask(method, f"{HOME}other/").status == HTTPStatus.NOT_FOUND
    assert program.ask(method, BUSY).status == HTTPStatus.METHOD_NOT_ALLOWED


ASKED = (*METHODS, "COPY", "MOVE", "LOCK", "UNLOCK", "PATCH", "POST")
EVERYWHERE = {"OPTIONS", "PROPFIND", "PROPPATCH"}
OF_OBJECTS = EVERYWHERE | {"GET", "HEAD"}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", EVERYWHERE),
        ("/principals", EVERYWHERE),
        ("/principals/users/ada/", EVERYWHERE),
        (PREFIX, EVERYWHERE),
        (HOME, EVERYWHERE),
        (VISITS, EVERYWHERE | {"REPORT"}),
        (BUSY, EVERYWHERE | {"REPORT"}),
        (f"{VISITS}v.ics", OF_OBJECTS),
        (f"{VISITS}new.ics", OF_OBJECTS),
        (f"{BUSY}a.ics", OF_OBJECTS | {"PUT", "DELETE"}),
        (f"{BUSY}new.ics", OF_OBJECTS | {"PUT", "DELETE"}),
    ],
)
def test_what_is_allowed_is_listed_and_nothing_else(
    program: Program, busy: Shelf, path: str, allowed: set[str]
) -> None:
    busy.objects["a.ics"] = event("a")
    body = event("a" if path.endswith("a.ics") else "new")
    answers = {method: program.ask(method, path, body, depth="0") for method in ASKED}
    not_allowed = {one for one, answer in answers.items() if answer.status == HTTPStatus.METHOD_NOT_ALLOWED}
    by_name = {
        one
        for one, answer in answers.items()
        if answer.status == HTTPStatus.FORBIDDEN and b"<D:error" in answer.body
    }

    assert set(answers["OPTIONS"].headers["Allow"].split(", ")) == allowed
    assert {answers[one].headers["Allow"] for one in not_allowed} == {answers["OPTIONS"].headers["Allow"]}
    assert set(ASKED) - not_allowed == allowed | by_name
    assert by_name <= {"REPORT", "MKCALENDAR", "MKCOL"}


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
@pytest.mark.parametrize(
    ("path", "element"),
    [
        (PREFIX, b"<D:resource-must-be-null />"),
        (HOME, b"<D:resource-must-be-null />"),
        (BUSY, b"<D:resource-must-be-null />"),
        (f"{VISITS}v.ics", b"<D:resource-must-be-null />"),
        (f"{BUSY}new/", b"<C:calendar-collection-location-ok />"),
        (f"{HOME}other/", b"<C:calendar-collection-location-ok />"),
        ("/dav/eve/busy/", b"<C:calendar-collection-location-ok />"),
        ("/elsewhere/", b"<C:calendar-collection-location-ok />"),
    ],
)
def test_no_calendar_can_be_made_for_a_reason_that_has_a_name(
    program: Program, method: str, path: str, element: bytes
) -> None:
    answered = program.ask(method, path, f"<C:mkcalendar {XMLNS}/>")

    assert answered.status == HTTPStatus.FORBIDDEN
    assert element in answered.body


@pytest.mark.parametrize("path", ["/", "/principals", "/principals/", "/principals/users/someone%40x/"])
@pytest.mark.parametrize("depth", ["0", "1", "infinity"])
def test_a_program_that_knows_the_host_alone_is_led_on(program: Program, path: str, depth: str) -> None:
    found = propfind(program, path, "<D:current-user-principal/><C:calendar-home-set/>", depth)

    ((href, props, _),) = found
    assert href == path
    assert {name: prop.findtext("{DAV:}href") for name, prop in props.items()} == {
        "current-user-principal": HOME,
        "calendar-home-set": HOME,
    }


@pytest.mark.parametrize("path", ["/dav/ADA/", "/dav/Ada/busy/", "/dav/aDa/visits/v.ics"])
def test_a_user_may_be_named_in_any_letter_case_and_is_told_the_right_one(
    program: Program, path: str
) -> None:
    ((href, _, _),) = propfind(program, path, "<D:resourcetype/>")

    assert href == path.lower()
    assert program.ask("PUT", "/dav/ADA/busy/b.ics", event("b")).status == HTTPStatus.CREATED


@pytest.mark.parametrize(
    "path",
    ["/dav/eve/", "/dav/eve/busy/", f"{HOME}other/", f"{BUSY}a/b.ics", "/dav/ada/busy/../../eve/", "/davx/"],
)
@pytest.mark.parametrize("method", ["PROPFIND", "GET", "PUT", "REPORT", "DELETE"])
def test_what_is_not_ones_own_is_not_there(program: Program, method: str, path: str) -> None:
    assert program.ask(method, path, event("a")).status == HTTPStatus.NOT_FOUND


NO_XML = b"The body is not XML as WebDAV has it.\n"
BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<D:propfind xmlns:D="DAV:"><D:prop>&b;</D:prop></D:propfind>'
)
OUTSIDE = (
    '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    '<D:propfind xmlns:D="DAV:"><D:prop>&a;</D:prop></D:propfind>'
)


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PROPPATCH"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (BOMB, NO_XML),
        (OUTSIDE, NO_XML),
        ("<", NO_XML),
        ("no xml", NO_XML),
        ("\xff\xfe", NO_XML),
        ("x" * 1_000_001, b"The body is too large.\n"),
    ],
    ids=["bomb", "outside", "half", "text", "binary", "large"],
)
def test_a_body_that_is_not_understood_is_refused(
    program: Program, method: str, body: str, told: bytes
) -> None:
    answered = program.ask(method, BUSY, body.encode("latin-1"), depth="0")

    assert (answered.status, answered.body) == (HTTPStatus.BAD_REQUEST, told)


@pytest.mark.parametrize("body", ["<a/>", "<D:propfind xmlns:D='DAV:'/>"], ids=["other", "empty"])
@pytest.mark.parametrize(
    ("method", "status", "told"),
    [
        ("PROPFIND", HTTPStatus.BAD_REQUEST, b"propfind"),
        ("REPORT", HTTPStatus.FORBIDDEN, b"<D:supported-report />"),
        ("PROPPATCH", HTTPStatus.BAD_REQUEST, b"The body is not a propertyupdate.\n"),
    ],
)
def test_xml_that_does_not_ask_for_it_is_refused(
    program: Program, method: str, status: HTTPStatus, told: bytes, body: str
) -> None:
    answered = program.ask(method, BUSY, body, depth="0")

    assert answered.status == status
    assert told in answered.body


def test_who_has_the_object_is_not_sent_it_again(program: Program) -> None:
    etag = tag(event("v", 12))

    assert program.ask("GET", f"{VISITS}v.ics", if_none_match=etag).status == HTTPStatus.NOT_MODIFIED
    assert program.ask("GET", f"{VISITS}v.ics", if_none_match='"x"').status == HTTPStatus.OK


def test_an_object_tells_when_it_was_changed_last(program: Program) -> None:
    ((_, props, _),) = propfind(program, f"{VISITS}v.ics", "<D:getlastmodified/>")

    assert props["getlastmodified"].text == "Sat, 01 May 2027 08:30:15 GMT"
    assert program.ask("GET", f"{VISITS}v.ics").headers["Last-Modified"] == props["getlastmodified"].text


def test_who_may_not_replace_it_names_it_weakly_or_not(program: Program, busy: Shelf) -> None:
    busy.objects["a.ics"] = event("a")
    weak = f"W/{tag(event('a'))}"

    assert program.ask("PUT", f"{BUSY}a.ics", event("a", 10), if_none_match=weak).status == 412
    assert program.ask("GET", f"{BUSY}a.ics", if_none_match=weak).status == HTTPStatus.NOT_MODIFIED


@pytest.mark.parametrize(
    ("path", "depth", "status"),
    [
        (f"{VISITS}v.ics", "infinity", 207),
        (f"{VISITS}v.ics", "1", 207),
        (VISITS, "infinity", 403),
        (VISITS, "2", 400),
        (VISITS, "", 400),
    ],
)
def test_only_what_holds_others_must_not_be_walked_through(
    program: Program, path: str, depth: str, status: int
) -> None:
    assert program.ask("PROPFIND", path, depth=depth).status == status


def test_everything_may_be_asked_for_with_more(program: Program) -> None:
    include = "<D:allprop/><D:include><D:sync-token/><D:nothing/></D:include>"
    answered = program.ask("PROPFIND", BUSY, f"<D:propfind {XMLNS}>{include}</D:propfind>", depth="0")

    ((_, found, _),) = responses_of(answered)
    assert {"displayname", "sync-token"} <= set(found)
    assert "getctag" not in found
    assert b"nothing" in answered.body


def test_nothing_can_be_set_on_what_is_not_there(program: Program) -> None:
    body = f"<D:propertyupdate {XMLNS}><D:set><D:prop><D:displayname/></D:prop></D:set></D:propertyupdate>"

    assert program.ask("PROPPATCH", f"{BUSY}gone.ics", body).status == HTTPStatus.NOT_FOUND
