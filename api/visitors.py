"""The visitor behind a request, as far as trusted proxies say who it is, and the name by which they count."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from flask import request

from api.state import own_sealer, state

# A provider gives each customer a whole IPv6 network: a customer could use another address for each request.
_IPV6_CUSTOMER = 64
_BRACKETED = "["
_PURPOSE: Final = "visitor"
_NAME_BYTES: Final = 16

Address = IPv4Address | IPv6Address


def visitor_address() -> str:
    """Give the address that the request comes from, of IPv6 the network of 64 bits.

    X-Forwarded-For counts from its right end, as far as trusted proxies have written it; without trusted
    proxies it does not count at all, since everybody can send it.
    """
    found = _read(request.remote_addr or "")
    if found is None:
        return ""
    trusted = state().settings.trusted_proxies or ()
    if trusted:
        found = _behind(found, trusted, request.headers.getlist("X-Forwarded-For"))
    return _counted(found)


def visitor_name() -> str:
    """Give a name that stands for the request's address; it takes the server's secret to find the address."""
    return own_sealer().sign(_PURPOSE, visitor_address().encode())[:_NAME_BYTES].hex()


def _behind(peer: Address, trusted: Sequence[IPv4Network | IPv6Network], lines: Sequence[str]) -> Address:
    """Go from the peer to the first address that is no trusted proxy, or to the last that can be read."""
    hops = [hop for line in lines for hop in line.split(",")]
    while hops and any(peer in network for network in trusted):
        before = _read(hops.pop())
        if before is None:
            break
        peer = before
    return peer


def _read(text: str) -> Address | None:
    """Read an address, which some proxies write with a port; an IPv4 address within IPv6 is the former."""
    text = text.strip()
    if text.startswith(_BRACKETED):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _counted(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address.packed, _IPV6_CUSTOMER), strict=False))
