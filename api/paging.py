"""Pages of a list by keyset in the order asked for: nothing is skipped or repeated as rows come and go."""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import Session

from api.problems import Problem, malformed

_BACKWARDS: Final = "-"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID_BYTES: Final = 16
_TIME_BYTES: Final = 8
_MICROSECOND: Final = timedelta(microseconds=1)

T = TypeVar("T")


def page(session: Session, select: Select[Any], model: type[Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """Fetch one page: `{"items": [...], "next_cursor": str|None}`.

    `args` holds the `limit`, `cursor` and `sort` of QueryArgs. Rows come by id, which is their order of
    creation, or by the time that `sort` names and then by id. 422 for a cursor that no list of ours has
    given, or a list in another order.
    """
    limit: int = args["limit"]
    order = _Order.of(model, args["sort"])
    if "cursor" in args:
        select = select.where(order.after(read_cursor(args["cursor"], order.read)))
    found = session.scalars(select.order_by(*order.by()).limit(limit + 1)).all()
    return cut(found, limit, lambda last: write_cursor(order.write(last)))


@dataclass(frozen=True, slots=True)
class _Order:
    """An order of a table's rows, each of which has a place in it that no other row has.

    A place is written as bytes: a minus sign where the order is backwards, then the microsecond where it is
    one of time, then the id. So the places of each order have a length that those of no other order have.
    """

    columns: tuple[Any, ...]
    backwards: bool

    @classmethod
    def of(cls, model: type[Any], sort: str) -> Self:
        name = sort.removeprefix(_BACKWARDS)
        timed = () if name == "created_at" else (getattr(model, name),)
        return cls((*timed, model.id), sort.startswith(_BACKWARDS))

    def by(self) -> Sequence[ColumnElement[Any]]:
        """Give the columns to order by; all go the same way, so that an index serves both directions."""
        return [column.desc() if self.backwards else column.asc() for column in self.columns]

    def after(self, place: Sequence[object]) -> ColumnElement[bool]:
        """Match the rows behind a place; the comparison of rows is what an index can begin at."""
        there = tuple_(*(literal(value, one.type) for value, one in zip(place, self.columns, strict=True)))
        here = tuple_(*self.columns)
        return here < there if self.backwards else here > there

    def write(self, row: object) -> bytes:
        """Write the place of a row."""
        *times, id_ = (getattr(row, column.key) for column in self.columns)
        micros = ((time - _EPOCH) // _MICROSECOND for time in times)
        written = (number.to_bytes(_TIME_BYTES, "big", signed=True) for number in micros)
        return b"".join((self._sign, *written, id_.bytes))

    def read(self, written: bytes) -> Sequence[object]:
        """Read a place; ValueError for bytes that this order has not written."""
        place = written.removeprefix(self._sign) if len(written) == self._length else b""
        time, id_ = place[:-_ID_BYTES], place[-_ID_BYTES:]
        micros = [int.from_bytes(time, "big", signed=True)] if time else []
        return [*(_EPOCH + number * _MICROSECOND for number in micros), UUID(bytes=id_)]

    @property
    def _sign(self) -> bytes:
        return _BACKWARDS.encode() if self.backwards else b""

    @property
    def _length(self) -> int:
        return len(self._sign) + _TIME_BYTES * (len(self.columns) - 1) + _ID_BYTES


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
