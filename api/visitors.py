"""The visitor behind a request: the address that it comes from."""

from flask import request


def visitor_address() -> str:
    """Give the address that the request comes from."""
    return request.remote_addr or ""
