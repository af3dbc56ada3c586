"""Gives objects of the demo clinic the ids that the examples of the API's document name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from marshmallow import Schema
from sqlalchemy import event
from sqlalchemy.orm import Session

from booking.core.caller import Caller
from booking.core.crud import Collection
from schemas.demo_ids import DEMO_IDS


@contextmanager
def named(caller: Caller, model: type[Any], name: str | None) -> Iterator[None]:
    """Let the first object of the model that the block adds have the id of this name, if there is one."""
    names = iter([] if name is None else [DEMO_IDS[name]])

    def give(session: Session, *_args: object) -> None:
        for row in session.new:
            if isinstance(row, model):
                row.id = next(names, row.id)

    event.listen(caller.session, "before_flush", give)
    try:
        yield
    finally:
        event.remove(caller.session, "before_flush", give)


def make(
    caller: Caller,
    name: str | None,
    kind: type[Collection],
    schema: type[Schema],
    body: Mapping[str, Any],
    **further: Any,  # noqa: ANN401 - fields beyond the body, as a path has them
) -> Any:  # noqa: ANN401 - the object's fields
    """Create an object of a kind, as a request with this body would, with the id of this name."""
    with named(caller, kind.model, name):
        return kind(caller).create({**schema().load(body), **further})
