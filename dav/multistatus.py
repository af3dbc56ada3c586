"""Writes 207 Multi-Status answers and the bodies of refusals (RFC 4918)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from xml.etree import ElementTree as ET

from dav.names import d
from dav.properties import BY_NAME_ONLY, Properties


@dataclass(frozen=True, slots=True)
class Wanted:
    """The properties that are asked for: `names`, or (None) all that a plain `allprop` gives.

    `also` adds further names; `only_names` asks for names without values; `minimal` leaves out properties
    that a resource lacks.
    """

    names: Sequence[str] | None = None
    also: Sequence[str] = ()
    only_names: bool = False
    minimal: bool = False


@dataclass(slots=True)
class Multistatus:
    """An answer about several resources."""

    wanted: Wanted
    root: ET.Element = field(default_factory=lambda: ET.Element(d("multistatus")))

    def add(self, href: str, properties: Properties) -> None:
        """Add a resource with its properties; those that it lacks are listed apart, as not found."""
        response = self._response(href)
        names = self.wanted.names
        if names is None:
            told = self.wanted.only_names
            names = [one for one in properties if told or one not in BY_NAME_ONLY or one in self.wanted.also]
            names += [name for name in self.wanted.also if name not in properties]
        there = [name for name in names if name in properties]
        missing = [name for name in names if name not in properties]
        # A response holds at least one propstat, even when no property is left to tell (RFC 4918, 14.24).
        if there or not missing or self.wanted.minimal:
            bare = self.wanted.only_names
            values = [ET.Element(name) if bare else properties[name]() for name in there]
            _propstat(response, values, HTTPStatus.OK)
        if missing and not self.wanted.minimal:
            _propstat(response, [ET.Element(name) for name in missing], HTTPStatus.NOT_FOUND)

    def changed(self, href: str, statuses: Mapping[str, HTTPStatus]) -> None:
        """Add what came of the change of each property of a resource."""
        response = self._response(href)
        for status in sorted({*statuses.values()} or {HTTPStatus.OK}):
            values = [ET.Element(name) for name, own in statuses.items() if own == status]
            propstat = _propstat(response, values, status)
            if status == HTTPStatus.FORBIDDEN:
                ET.SubElement(ET.SubElement(propstat, d("error")), d("cannot-modify-protected-property"))

    def status(self, href: str, status: HTTPStatus, error: str | None = None) -> None:
        """Add a resource by a status alone."""
        response = self._response(href)
        ET.SubElement(response, d("status")).text = _line(status)
        if error is not None:
            ET.SubElement(ET.SubElement(response, d("error")), error)

    def token(self, token: str) -> None:
        """Add the sync token at the end."""
        ET.SubElement(self.root, d("sync-token")).text = token

    def render(self) -> bytes:
        """Write the answer as XML."""
        return render(self.root)

    def _response(self, href: str) -> ET.Element:
        response = ET.SubElement(self.root, d("response"))
        ET.SubElement(response, d("href")).text = href
        return response


def error_body(element: str, href: str | None = None) -> bytes:
    """Write the body that names the violated precondition."""
    error = ET.Element(d("error"))
    inner = ET.SubElement(error, element)
    if href is not None:
        ET.SubElement(inner, d("href")).text = href
    return render(error)


def render(element: ET.Element) -> bytes:
    """Write a document; bare carriage returns, which parsers would lose, are escaped (XML 1.0, 2.11)."""
    document: bytes = ET.tostring(element, encoding="utf-8", xml_declaration=True)
    return document.replace(b"\r", b"&#13;")


def _propstat(response: ET.Element, values: Iterable[ET.Element], status: HTTPStatus) -> ET.Element:
    propstat = ET.SubElement(response, d("propstat"))
    ET.SubElement(propstat, d("prop")).extend(values)
    ET.SubElement(propstat, d("status")).text = _line(status)
    return propstat


def _line(status: HTTPStatus) -> str:
    return f"HTTP/1.1 {status.value} {status.phrase}"
