"""Pages of a list by keyset: nothing is skipped or repeated while rows come and go."""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from sqlalchemy import Select
from sqlalchemy.orm import Session

from api.problems import Problem, malformed

T = TypeVar("T")


def page(session: Session, select: Select[Any], model: type[Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """Fetch one page: `{"items": [...], "next_cursor": str|None}`.

    `args` holds the `limit` and `cursor` of QueryArgs. Rows come by id, which is their order of
    creation. 422 for a cursor that no list of ours has given.
    """
    limit: int = args["limit"]
    if "cursor" in args:
        last = read_cursor(args["cursor"], lambda place: UUID(bytes=place))
        select = select.where(model.id > last)
    found = session.scalars(select.order_by(model.id).limit(limit + 1)).all()
    return cut(found, limit, lambda last: write_cursor(last.id.bytes))


def cut(found: Sequence[T], limit: int, cursor_of: Callable[[T], str]) -> dict[str, Any]:
    """Cut the first page out of what was found, with the cursor of its last item if there is more."""
    more = len(found) > limit
    return {"items": found[:limit], "next_cursor": cursor_of(found[limit - 1]) if more else None}


def next_link(cursor: str) -> str:
    """Render the Link header to the next page, with the request's other parameters as they are."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f'<{request.path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'


def write_cursor(place: bytes) -> str:
    """Write the place of a page's last item so that it fits into a URL."""
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def read_cursor(cursor: str, read: Callable[[bytes], T]) -> T:
    """Read a place from a cursor; 422 when `read` raises, as for bytes that it cannot have written."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return read(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, OverflowError, IndexError, struct.error):
        raise foreign_cursor() from None


def foreign_cursor() -> Problem:
    """Make the 422 of a cursor that this list has not given."""
    return malformed([("?cursor", "Not a cursor of this list.")])
