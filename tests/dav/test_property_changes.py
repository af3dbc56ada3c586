"""Names and colours that a program gives to a calendar: all that it sets at once, or nothing of it."""

from xml.etree import ElementTree as ET

import pytest

from dav.properties import SETTABLE
from dav.responses import Response
from tests.dav.shelf import BUSY, HOME, PREFIX, VISITS, XMLNS, Program, Shelf, event, responses_of

COLOUR = "<A:calendar-color symbolic-color='custom'>\n#711A76FF\n</A:calendar-color>"
NAMED = "<D:displayname>Dr. Ada &lt;3</D:displayname>"
KEPT = "<D:displayname/><A:calendar-color/><A:calendar-order/><C:calendar-description/>"


def change(program: Program, *changes: tuple[str, str], path: str = BUSY) -> Response:
    inner = "".join(f"<D:{how}><D:prop>{what}</D:prop></D:{how}>" for how, what in changes)
    return program.ask("PROPPATCH", path, f"<D:propertyupdate {XMLNS}>{inner}</D:propertyupdate>")


def statuses(answered: Response) -> dict[str, str]:
    """Give the status of each property by its local name."""
    assert answered.status == 207, answered.body
    return {
        prop.tag.rpartition("}")[2]: (propstat.findtext("{DAV:}status") or "").split()[1]
        for propstat in ET.fromstring(answered.body).iter("{DAV:}propstat")  # noqa: S314 - our own answer
        for prop in propstat.find("{DAV:}prop") or ()
    }


def kept(program: Program, path: str = BUSY) -> dict[str, str | None]:
    body = f"<D:propfind {XMLNS}><D:prop>{KEPT}</D:prop></D:propfind>"
    ((_, found, _),) = responses_of(program.ask("PROPFIND", path, body, depth="0"))
    return {name: prop.text for name, prop in found.items()}


def test_what_a_program_sets_is_given_back_until_it_is_removed(program: Program) -> None:
    order = "<A:calendar-order>3</A:calendar-order>"
    about = "<C:calendar-description>Mine</C:calendar-description>"
    set_ = change(program, ("set", COLOUR + NAMED), ("set", order + about))
    found = kept(program)
    removed = change(program, ("remove", "<A:calendar-color/><D:displayname/>"))

    assert statuses(set_) == dict.fromkeys(found, "200")
    assert found == {
        "calendar-color": "#711A76FF",
        "displayname": "Dr. Ada <3",
        "calendar-order": "3",
        "calendar-description": "Mine",
    }
    assert statuses(removed) == {"calendar-color": "200", "displayname": "200"}
    assert kept(program) == {"displayname": "Shelf", "calendar-order": "3", "calendar-description": "Mine"}
    assert kept(program, VISITS) == {"displayname": "Shelf"}


def test_a_calendar_that_is_read_may_be_named_too(program: Program) -> None:
    assert statuses(change(program, ("set", NAMED), path=VISITS)) == {"displayname": "200"}
    assert kept(program, VISITS) == {"displayname": "Dr. Ada <3"}


def test_changes_are_made_in_their_order(program: Program) -> None:
    empty = "<D:displayname> </D:displayname>"
    change(program, ("remove", "<D:displayname/>"), ("set", NAMED), ("set", COLOUR), ("remove", COLOUR))
    first = kept(program)
    change(program, ("set", NAMED), ("set", empty))

    assert (first, kept(program)) == ({"displayname": "Dr. Ada <3"}, {"displayname": "Shelf"})


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        ("<D:getetag>1</D:getetag>", "403"),
        ("<D:resourcetype><D:collection/></D:resourcetype>", "403"),
        ("<C:calendar-timezone>x</C:calendar-timezone>", "403"),
        ("<D:x/>", "403"),
        ("<A:calendar-order><D:a/></A:calendar-order>", "409"),
        (f"<A:calendar-order>{'1' * 51}</A:calendar-order>", "409"),
    ],
)
def test_with_one_refused_nothing_is_changed(
    program: Program, busy: Shelf, refused: str, status: str
) -> None:
    answers = [
        change(program, ("set", COLOUR + refused), ("remove", "<D:displayname/>")),
        change(program, ("set", refused + COLOUR)),
    ]
    name = ET.fromstring(f"<D:a {XMLNS}>{refused}</D:a>")[0].tag.rpartition("}")[2]  # noqa: S314 - our own

    assert [statuses(one) for one in answers] == [
        {"calendar-color": "424", name: status, "displayname": "424"},
        {"calendar-color": "424", name: status},
    ]
    assert busy.own == {}


@pytest.mark.parametrize(("name", "most"), SETTABLE.items())
@pytest.mark.parametrize(("more", "status"), [(-1, "200"), (0, "200"), (1, "409")])
def test_each_value_has_a_greatest_length(
    program: Program, name: str, most: int, more: int, status: str
) -> None:
    namespace, local = name[1:].split("}")
    text = "ü" * (most + more)

    answered = change(program, ("set", f'<N:{local} xmlns:N="{namespace}"> {text} </N:{local}>'))

    assert statuses(answered) == {local: status}


@pytest.mark.parametrize("path", [HOME, PREFIX, "/", "/principals/ada/", f"{VISITS}v.ics", f"{BUSY}a.ics"])
def test_only_a_calendar_takes_properties(program: Program, busy: Shelf, path: str) -> None:
    busy.objects["a.ics"] = event("a")

    answered = change(program, ("set", NAMED), ("remove", COLOUR), path=path)

    assert statuses(answered) == {"displayname": "403", "calendar-color": "403"}
    assert answered.body.count(b"<D:cannot-modify-protected-property />") == 1
    assert busy.own == {}


def test_what_neither_sets_nor_removes_changes_nothing(program: Program, busy: Shelf) -> None:
    change(program, ("set", NAMED))
    before = dict(busy.own)

    assert statuses(change(program, ("foo", "<D:displayname/>"))) == {}
    assert busy.own == before


def test_a_description_is_told_to_who_asks_for_it(program: Program) -> None:
    change(program, ("set", COLOUR + "<C:calendar-description>Mine</C:calendar-description>"))

    ((_, found, _),) = responses_of(program.ask("PROPFIND", BUSY, depth="0"))
    assert ("calendar-color" in found, "calendar-description" in found) == (True, False)
