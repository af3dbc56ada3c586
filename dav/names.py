"""The names of WebDAV and CalDAV elements, as ElementTree writes them."""

from typing import Final
from xml.etree import ElementTree as ET

DAV: Final = "DAV:"
CALDAV: Final = "urn:ietf:params:xml:ns:caldav"
CALENDARSERVER: Final = "http://calendarserver.org/ns/"
APPLE: Final = "http://apple.com/ns/ical/"

for _prefix, _namespace in (("D", DAV), ("C", CALDAV), ("CS", CALENDARSERVER), ("A", APPLE)):
    ET.register_namespace(_prefix, _namespace)


def d(name: str) -> str:
    """Name an element of WebDAV (RFC 4918, 3744, 5397, 6578)."""
    return f"{{{DAV}}}{name}"


def c(name: str) -> str:
    """Name an element of CalDAV (RFC 4791)."""
    return f"{{{CALDAV}}}{name}"


def apple(name: str) -> str:
    """Name an element of Apple's calendar programs."""
    return f"{{{APPLE}}}{name}"


def cs(name: str) -> str:
    """Name an element of calendarserver.org."""
    return f"{{{CALENDARSERVER}}}{name}"
