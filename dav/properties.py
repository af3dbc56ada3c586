"""Makes the properties of the root, homes, calendars and objects (RFC 4918, 3744, 4791, 5397, 6578)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final
from xml.etree import ElementTree as ET

from dav.calendars import Calendar, Item
from dav.dates import http_date
from dav.names import apple, c, cs, d
from dav.paths import Paths

Value = ET.Element
Property = Callable[[], Value]
Properties = Mapping[str, Property]
"""The functions that make the values, by name: values that are not asked for are not made."""

OBJECT_TYPE: Final = "text/calendar; charset=utf-8; component=vevent"
REPORTS: Final = (c("calendar-query"), c("calendar-multiget"), c("free-busy-query"), d("sync-collection"))
_READ: Final = ("read", "read-current-user-privilege-set")
# Any calendar may be named and coloured; but some programs take `write-properties` for the right to write
# objects, so a calendar that is only read does not tell it.
_WRITE: Final = ("write-properties", "write-content", "bind", "unbind")
# Made only when asked for by name (RFC 4791, 5.2; RFC 6578, 4).
BY_NAME_ONLY: Final = frozenset(
    {c("calendar-data"), c("supported-calendar-component-set"), c("supported-calendar-data")}
    | {c("max-resource-size"), c("supported-collation-set"), d("sync-token"), cs("getctag")}
    | {
        c("calendar-description"),
        d("supported-report-set"),
        d("current-user-privilege-set"),
        c("calendar-home-set"),
    }
)


# Programs share these among their user's devices; each has the most characters that it may have.
SETTABLE: Final[Mapping[str, int]] = {
    d("displayname"): 200,
    c("calendar-description"): 1_000,
    apple("calendar-color"): 50,
    apple("calendar-order"): 50,
}


def of_root(paths: Paths) -> Properties:
    """Give the properties of the root, from which programs find their way."""
    return {
        d("resourcetype"): lambda: _nested(d("resourcetype"), d("collection")),
        d("displayname"): lambda: _text(d("displayname"), "Calendars"),
        **_discovery(paths),
    }


def of_home(paths: Paths) -> Properties:
    """Give the properties of a home, which is both the principal and the calendar home."""
    return {
        d("resourcetype"): lambda: _nested(d("resourcetype"), d("collection"), d("principal")),
        d("displayname"): lambda: _text(d("displayname"), paths.home.title),
        d("owner"): lambda: _href(d("owner"), paths.of_home()),
        d("supported-report-set"): lambda: ET.Element(d("supported-report-set")),
        d("current-user-privilege-set"): lambda: _privileges(_READ),
        **_discovery(paths),
    }


def of_calendar(paths: Paths, calendar: Calendar) -> Properties:
    """Give the properties of a calendar."""
    rights = (*_READ, *(_WRITE if calendar.writable else ()))
    return {
        d("resourcetype"): lambda: _nested(d("resourcetype"), d("collection"), c("calendar")),
        d("displayname"): lambda: _text(d("displayname"), calendar.title),
        d("owner"): lambda: _href(d("owner"), paths.of_home()),
        d("current-user-privilege-set"): lambda: _privileges(rights),
        d("supported-report-set"): _reports,
        d("sync-token"): lambda: _text(d("sync-token"), calendar.token()),
        cs("getctag"): lambda: _text(cs("getctag"), calendar.token()),
        c("supported-calendar-component-set"): _components,
        c("supported-calendar-data"): _formats,
        c("supported-collation-set"): _collations,
        c("max-resource-size"): lambda: _text(c("max-resource-size"), str(calendar.largest)),
        **_discovery(paths),
        **{name: partial(_text, name, text) for name, text in calendar.properties().items()},
    }


def of_item(paths: Paths, item: Item, data: bytes | None = None) -> Properties:
    """Give the properties of an object; `data` is its text, where another than its own is asked for."""
    return {
        d("resourcetype"): lambda: ET.Element(d("resourcetype")),
        d("getetag"): lambda: _text(d("getetag"), item.etag),
        d("getlastmodified"): lambda: _text(d("getlastmodified"), http_date(item.modified)),
        d("getcontenttype"): lambda: _text(d("getcontenttype"), OBJECT_TYPE),
        d("getcontentlength"): lambda: _text(d("getcontentlength"), str(len(item.render()))),
        d("current-user-principal"): lambda: _href(d("current-user-principal"), paths.of_home()),
        c("calendar-data"): lambda: _text(
            c("calendar-data"), (item.render() if data is None else data).decode()
        ),
    }


def _discovery(paths: Paths) -> Properties:
    """Give the properties by which programs find the principal and the calendar home."""
    home = paths.of_home()
    return {
        d("current-user-principal"): lambda: _href(d("current-user-principal"), home),
        d("principal-URL"): lambda: _href(d("principal-URL"), home),
        d("principal-collection-set"): lambda: _href(d("principal-collection-set"), paths.root()),
        c("calendar-home-set"): lambda: _href(c("calendar-home-set"), home),
    }


def _text(name: str, text: str) -> Value:
    element = ET.Element(name)
    element.text = text
    return element


def _href(name: str, href: str) -> Value:
    element = ET.Element(name)
    ET.SubElement(element, d("href")).text = href
    return element


def _nested(name: str, *inner: str) -> Value:
    element = ET.Element(name)
    for one in inner:
        ET.SubElement(element, one)
    return element


def _privileges(names: tuple[str, ...]) -> Value:
    element = ET.Element(d("current-user-privilege-set"))
    for name in names:
        ET.SubElement(ET.SubElement(element, d("privilege")), d(name))
    return element


def _reports() -> Value:
    element = ET.Element(d("supported-report-set"))
    for name in REPORTS:
        ET.SubElement(ET.SubElement(ET.SubElement(element, d("supported-report")), d("report")), name)
    return element


def _components() -> Value:
    element = ET.Element(c("supported-calendar-component-set"))
    ET.SubElement(element, c("comp"), name="VEVENT")
    return element


def _formats() -> Value:
    element = ET.Element(c("supported-calendar-data"))
    ET.SubElement(element, c("calendar-data"), {"content-type": "text/calendar", "version": "2.0"})
    return element


def _collations() -> Value:
    element = ET.Element(c("supported-collation-set"))
    for name in ("i;ascii-casemap", "i;octet"):
        ET.SubElement(element, c("supported-collation")).text = name
    return element
