"""Nested lists of an object that are stored as rows of their own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, inspect, select

from booking.core.caller import Caller

Item = dict[str, Any]

_HIDDEN: Final = frozenset({"clinic_id", "type"})
_OWN: Final = frozenset({"id", "position"})


@dataclass(frozen=True, slots=True)
class Rows:
    """A nested list: the table of its items, their column with the parent's id, and the order of reading."""

    model: Any
    parent: str
    order: tuple[str, ...]

    def read(self, caller: Caller, parent_ids: Iterable[UUID]) -> dict[UUID, list[Item]]:
        """Read the lists of all these parents by one query; a parent without items has an empty list."""
        lists: dict[UUID, list[Item]] = {id_: [] for id_ in parent_ids}
        parent = getattr(self.model, self.parent)
        statement = select(self.model).where(self.model.clinic_id == caller.clinic_id, parent.in_(lists))
        ordered = statement.order_by(*(getattr(self.model, column) for column in self.order))
        for row in caller.session.scalars(ordered.execution_options(populate_existing=True)):
            item = columns_of(row)
            lists[item.pop(self.parent)].append(without(item, _OWN))
        return lists

    def write(self, caller: Caller, parent_id: UUID, items: Sequence[Item]) -> None:
        """Replace a parent's list; items that have a position keep the order in which they are given."""
        parent = getattr(self.model, self.parent)
        caller.session.execute(
            delete(self.model).where(self.model.clinic_id == caller.clinic_id, parent == parent_id),
            execution_options={"synchronize_session": False},
        )
        shared = {"clinic_id": caller.clinic_id, self.parent: parent_id}
        places = [{"position": place} if "position" in self.order else {} for place in range(len(items))]
        written = [shared | place | item for place, item in zip(places, items, strict=True)]
        if written:
            caller.session.execute(insert(self.model), written)


def columns_of(row: Any) -> Item:  # noqa: ANN401 - any mapped object
    """Give the columns of a row that clients may see."""
    return {
        column.key: getattr(row, column.key)
        for column in inspect(type(row)).column_attrs
        if column.key not in _HIDDEN
    }


def without(values: Mapping[str, Any], names: Iterable[str]) -> Item:
    """Leave these names out."""
    return {name: value for name, value in values.items() if name not in set(names)}
