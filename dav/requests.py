"""Reads the requests of calendar programs: headers, and the bodies of PROPFIND, PROPPATCH and REPORT."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dav.calendars import Conditions
from dav.multistatus import Wanted
from dav.names import d

LARGEST_XML: Final = 1_000_000


class MalformedError(Exception):
    """The body or a header is not valid for the method."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: `path` is percent-encoded, header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def depth(self) -> str:
        """The Depth header: `0`, `1` or `infinity`."""
        return self.headers.get("depth", "infinity").strip().lower()

    @property
    def minimal(self) -> bool:
        """Whether the answer shall leave out missing properties (RFC 8144)."""
        return "return=minimal" in self.headers.get("prefer", "").replace(" ", "").lower()

    @property
    def conditions(self) -> Conditions:
        """The preconditions of a write; `If` (RFC 4918, 10.4) is not supported and never holds."""
        if "if" in self.headers:
            # No object has an empty entity tag, so this condition never holds.
            return Conditions(("",))
        return Conditions(_tags(self.headers.get("if-match")), _tags(self.headers.get("if-none-match")))


def _tags(header: str | None) -> tuple[str, ...]:
    """Split a header into entity tags; a weak tag keeps its `W/`, so that it matches no strong tag."""
    if header is None:
        return ()
    return tuple(tag.strip() for tag in header.split(",") if tag.strip()) or ("",)


def parse(body: bytes) -> ET.Element:
    """Parse an XML body; MalformedError when it is no XML, is too large, or declares entities."""
    if len(body) > LARGEST_XML:
        raise MalformedError("The body is too large.")
    try:
        root: ET.Element = fromstring(body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError):
        raise MalformedError("The body is not XML as WebDAV has it.") from None
    return root


def wanted_by(request: Request) -> Wanted:
    """Read a PROPFIND; an empty body asks for everything."""
    if not request.body.strip():
        return Wanted(minimal=request.minimal)
    root = parse(request.body)
    if root.tag != d("propfind"):
        raise MalformedError("The body is not a propfind.")
    if root.find(d("propname")) is not None:
        return Wanted(only_names=True)
    if root.find(d("prop")) is None and root.find(d("allprop")) is None:
        raise MalformedError("A propfind names properties, or asks for all.")
    include = root.find(d("include"))
    if root.find(d("allprop")) is not None and include is not None:
        return Wanted(also=_unique(one.tag for one in include), minimal=request.minimal)
    return wanted_in(root, minimal=request.minimal)


def wanted_in(root: ET.Element, *, minimal: bool) -> Wanted:
    """Read the properties that a report or a propfind asks for."""
    prop = root.find(d("prop"))
    if prop is None:
        return Wanted(minimal=minimal)
    return Wanted(_unique(one.tag for one in prop), minimal=minimal)


def changed_by(body: bytes) -> dict[str, ET.Element | None]:
    """Read the properties that a PROPPATCH sets, by name, and (None) those that it removes."""
    root = parse(body)
    if root.tag != d("propertyupdate"):
        raise MalformedError("The body is not a propertyupdate.")
    # They are carried out in the order of the document (RFC 4918, 9.2): of two, the last counts.
    return {
        one.tag: one if instruction.tag == d("set") else None
        for instruction in root
        if instruction.tag in {d("set"), d("remove")}
        for prop in instruction.findall(d("prop"))
        for one in prop
    }


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
