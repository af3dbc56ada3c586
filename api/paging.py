"""Pages of a list by keyset: nothing is skipped or repeated while rows come and go."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from flask import request
from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.problems import Problem, malformed
from schemas.fields import INT4_MAX

_READERS: Mapping[type, Callable[[str], Any]] = {
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}


def page(
    session: Session,
    select: Select[Any],
    model: type[Any],
    args: Mapping[str, Any],
    order: Sequence[InstrumentedAttribute[Any]] = (),
    *,
    descending: bool = False,
) -> dict[str, Any]:
    """Fetch one page: `{"items": [...], "next_cursor": str|None}`.

    `args` holds the `limit` and `cursor` of QueryArgs. Rows come by `order` and then by id, by
    default by id alone, which is their order of creation. 422 for a cursor that is not ours.
    """
    columns = [*order, model.id]
    limit: int = args["limit"]
    if "cursor" in args:
        after = tuple_(*(literal(value, column.type) for value, column in _read(args["cursor"], columns)))
        key = tuple_(*columns)
        select = select.where(key < after if descending else key > after)
    select = select.order_by(*(column.desc() if descending else column.asc() for column in columns))
    items = session.scalars(select.limit(limit + 1)).all()
    more = len(items) > limit
    return {"items": items[:limit], "next_cursor": _write(items[limit - 1], columns) if more else None}


def next_link(cursor: str) -> str:
    """Render the Link header to the next page, with the request's other parameters as they are."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f'<{request.path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'


def _write(item: object, columns: Sequence[InstrumentedAttribute[Any]]) -> str:
    values = [getattr(item, column.key) for column in columns]
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def _read(cursor: str, columns: Sequence[InstrumentedAttribute[Any]]) -> list[tuple[Any, Any]]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(columns):
            raise _bad_cursor()
        return [(_value(value, column), column) for value, column in zip(values, columns, strict=True)]
    except (binascii.Error, UnicodeError, ValueError):
        raise _bad_cursor() from None


def _value(value: object, column: InstrumentedAttribute[Any]) -> Any:  # noqa: ANN401 - the column's type
    """Read a value back into its column's type; ValueError when it cannot have been one."""
    kind: type = column.type.python_type
    if kind in _READERS and isinstance(value, str):
        return _READERS[kind](value)
    unsafe = isinstance(value, str) and "\x00" in value
    if type(value) is not kind or unsafe or (isinstance(value, int) and abs(value) > INT4_MAX):
        raise ValueError(kind)
    return value


def _bad_cursor() -> Problem:
    return malformed([("?cursor", "Not a cursor of this list.")])
