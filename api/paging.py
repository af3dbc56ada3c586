"""Pages of a list by keyset: nothing is skipped or repeated while rows come and go."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from sqlalchemy import Select
from sqlalchemy.orm import Session

from api.problems import malformed


def page(session: Session, select: Select[Any], model: type[Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """Fetch one page: `{"items": [...], "next_cursor": str|None}`.

    `args` holds the `limit` and `cursor` of QueryArgs. Rows come by id, which is their order of
    creation. 422 for a cursor that is not ours.
    """
    limit: int = args["limit"]
    if "cursor" in args:
        select = select.where(model.id > _read(args["cursor"]))
    items = session.scalars(select.order_by(model.id).limit(limit + 1)).all()
    more = len(items) > limit
    return {"items": items[:limit], "next_cursor": _write(items[limit - 1].id) if more else None}


def next_link(cursor: str) -> str:
    """Render the Link header to the next page, with the request's other parameters as they are."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f'<{request.path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'


def _write(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def _read(cursor: str) -> UUID:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return UUID(bytes=base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError:
        raise malformed([("?cursor", "Not a cursor of this list.")]) from None
