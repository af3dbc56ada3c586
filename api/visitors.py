"""The visitor behind a request: the address that it comes from, and the name by which it is counted."""

from typing import Final

from flask import request

from api.state import own_sealer

_PURPOSE: Final = "visitor"
_NAME_BYTES: Final = 16


def visitor_address() -> str:
    """Give the address that the request comes from."""
    return request.remote_addr or ""


def visitor_name() -> str:
    """Give the name of the request's address, which tells nobody without the server's secret what it is."""
    return own_sealer().sign(_PURPOSE, visitor_address().encode())[:_NAME_BYTES].hex()
