"""Writes what a WebDAV server is asked, and reads its multistatus answers (RFC 4918)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dav.names import d
from sync.busy.fetching import FetchError
from sync.outbound.outbound import Answer

_MOST_RESPONSES: Final = 40_000
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def element(tag: str, prop: Sequence[str] = ()) -> Element:
    """Make an element that asks for these properties."""
    made = Element(tag)
    if prop:
        wanted = SubElement(made, d("prop"))
        for name in prop:
            SubElement(wanted, name)
    return made


def propfind(*prop: str) -> bytes:
    """Write a request for these properties."""
    return tostring(element(d("propfind"), prop))


def headers(depth: str) -> dict[str, str]:
    """Give the headers of a request with an XML body."""
    return {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}


def read_multistatus(answer: Answer) -> Any:  # noqa: ANN401 - the library has no types
    """Read a multistatus answer; FetchError (`bad_answer`) when it is none."""
    try:
        root = fromstring(answer.body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FetchError("bad_answer") from error
    if root.tag != d("multistatus") or len(root) > _MOST_RESPONSES:
        raise FetchError("bad_answer")
    return root


@dataclass(frozen=True, slots=True)
class Member:
    """What an answer says of a resource: its path, the status if it has one, and the properties found.

    The path of what was asked about ends in a slash, by which it is told from its objects.
    """

    path: str
    status: int
    prop: Any

    @property
    def is_gone(self) -> bool:
        """Whether the resource is no longer there."""
        return self.status in _GONE

    @property
    def is_object(self) -> bool:
        """Whether it is an object of the collection, and not a collection."""
        return not self.path.endswith("/")


def members(root: Any, url: str) -> Iterator[Member]:  # noqa: ANN401 - see above
    """Give what a multistatus answer says of each resource; FetchError (`bad_answer`) for a bad address."""
    # Only direct children: an answer may be nested without end.
    for response in root.findall(d("response")):
        try:
            # Servers percent-encode the same name in different ways, so every path gets one spelling.
            path = quote(unquote(urlsplit(urljoin(url, text(response, d("href")))).path))
            is_itself = unquote(path).rstrip("/") == unquote(urlsplit(url).path).rstrip("/")
        except ValueError as error:
            raise FetchError("bad_answer") from error
        found = (one for one in response.findall(d("propstat")) if _status(one) == HTTPStatus.OK)
        prop = next((one.find(d("prop")) for one in found), None)
        yield Member(f"{path.rstrip('/')}/" if is_itself else path, _status(response), prop)


def leads_to(url: str, href: str) -> str | None:
    """Give the address that an answer names; None for its own, and for one that would be asked in clear.

    The login that was given for https is sent to the servers that its own server names, but never without it.
    """
    try:
        leads = urljoin(url, href)
    except ValueError:
        return None
    is_clear = url.startswith("https:") and not leads.startswith("https:")
    return None if leads == url or is_clear else leads


def _status(found: Any) -> int:  # noqa: ANN401 - see above
    """Read the number in `HTTP/1.1 200 OK`; 0 when the element has no status of its own."""
    parts = text(found, d("status")).split()
    return int(parts[1][:3]) if len(parts) > 1 and parts[1].isascii() and parts[1].isdigit() else 0


def text(found: Any, tag: str) -> str:  # noqa: ANN401 - see above
    """Give the text of an element within another; an empty text without one."""
    return (found.findtext(tag) or "").strip()
