"""Writes what a WebDAV server is asked, and reads its multistatus answers (RFC 4918)."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dav.names import d
from sync.busy.fetching import FetchError
from sync.outbound.outbound import Answer


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


def read_xml(answer: Answer) -> Any:  # noqa: ANN401 - the library has no types
    """Read an answer's XML; FetchError (`bad_answer`) when it is none."""
    try:
        return fromstring(answer.body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FetchError("bad_answer") from error


def members(root: Any, url: str) -> Iterator[tuple[str, int, Any]]:  # noqa: ANN401 - see above
    """Yield the path, the status and the found properties of each response in a multistatus answer.

    The path of what was asked about ends in a slash, by which it is told from its objects.
    """
    for response in root.iter(d("response")):
        # Servers percent-encode the same name in different ways, so every path gets one spelling.
        path = quote(unquote(urlsplit(urljoin(url, text(response, d("href")))).path))
        found = (one for one in response.iter(d("propstat")) if _status(one) == HTTPStatus.OK)
        prop = next((one.find(d("prop")) for one in found), None)
        is_itself = unquote(path).rstrip("/") == unquote(urlsplit(url).path).rstrip("/")
        yield f"{path.rstrip('/')}/" if is_itself else path, _status(response), prop


def leads_to(url: str, href: str) -> str | None:
    """Give the address that an answer names; None for its own, and for one that would be asked in clear.

    The login that was given for https is sent to the servers that its own server names, but never without it.
    """
    leads = urljoin(url, href)
    is_clear = url.startswith("https:") and not leads.startswith("https:")
    return None if leads == url or is_clear else leads


def _status(found: Any) -> int:  # noqa: ANN401 - see above
    """Read the number in `HTTP/1.1 200 OK`; 0 when the element has no status of its own."""
    parts = text(found, d("status")).split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def text(found: Any, tag: str) -> str:  # noqa: ANN401 - see above
    """Give the text of an element within another; an empty text without one."""
    return (found.findtext(tag) or "").strip()
