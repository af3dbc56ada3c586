"""Decides which URLs of users may be called: public addresses, and loopback where that is allowed."""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

import requests

MOST_URL = 2000

# Blocks that Python's own lists lack, or lack in some of its versions.
_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
    )
)
# Everything public lies in 2000::/3, which leaves out NAT64, site-local and unspecified addresses; within it
# some blocks lead elsewhere: Teredo, benchmarks, ORCHID, documentation, 6to4.
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_INTERNAL_NAMES = ("localhost", "local", "internal", "home.arpa")


class ForbiddenAddressError(Exception):
    """The URL leads to an address that is not public, or cannot be used at all."""


def check_url(url: str, *, allow_loopback: bool) -> None:
    """Raise ForbiddenAddressError for a URL whose text alone forbids to call it; no name is resolved.

    Allowed are http or https, a host, no user, no fragment, a port from 1 to 65535, at most 2,000
    characters. A host that is an address in any spelling must be public, or loopback with `allow_loopback`;
    names that only mean something inside a network are refused.
    """
    try:
        host = _host(url)
        is_allowed = host is not None and _may_be_called(host, allow_loopback)
    except (ValueError, requests.RequestException):
        is_allowed = False
    if not is_allowed:
        raise ForbiddenAddressError


def check_address(address: str, *, allow_loopback: bool) -> None:
    """Raise ForbiddenAddressError unless this resolved address is public, or an allowed loopback."""
    if not _is_allowed(ip_address(address.strip("[]")), allow_loopback):
        raise ForbiddenAddressError


def _host(url: str) -> str | None:
    """Read the host as the client will: IDNA applied, lower case, no brackets, no final dot."""
    if len(url) > MOST_URL or re.search(r"[\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\ufeff]", url):
        return None
    if not _is_plain(urlsplit(url)):
        return None
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    sent = urlsplit(str(prepared.url))
    # The client may read more from a URL than its text shows: a full-width @, for example, as an @.
    return sent.hostname.removesuffix(".") if _is_plain(sent) and sent.hostname else None


def _is_plain(parts: SplitResult) -> bool:
    return bool(
        parts.scheme in {"http", "https"}
        and parts.hostname
        and "@" not in parts.netloc
        and "%" not in parts.netloc
        and not parts.fragment
        and parts.port != 0
        and not parts.netloc.endswith(":")
    )


def _may_be_called(host: str, allow_loopback: bool) -> bool:
    address = _literal(host)
    if address is not None:
        return _is_allowed(address, allow_loopback)
    labels = host.split(".")
    if len(host) > 253 or not all(0 < len(label) < 64 for label in labels):  # noqa: PLR2004 - DNS's own limits
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return allow_loopback
    return len(labels) > 1 and not host.endswith(tuple(f".{name}" for name in _INTERNAL_NAMES))


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """Read a host that is an address, also the short, octal, hexadecimal and decimal spellings of IPv4."""
    if ":" in host:
        return IPv6Address(host)
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _is_allowed(address: IPv4Address | IPv6Address, allow_loopback: bool) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return allow_loopback
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _NOT_PUBLIC_V6)
