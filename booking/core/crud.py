"""The acts that every kind of stored object shares: list, get, create, change and delete."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, insert, inspect, select

from booking.core.caller import Caller
from booking.core.errors import Invalid, NotFound, StaleVersion
from booking.core.events import audit
from booking.core.locks import lock_catalogue, lock_resources

# What clients see of an object: its columns and its nested lists, by field.
Values = dict[str, Any]
Where = Mapping[str, Any]
Locations = frozenset[UUID]

_HIDDEN: Final = frozenset({"clinic_id", "type"})
_KEPT: Final = frozenset({"id", "version", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Rows:
    """A nested list that is stored as rows of its own: read in order, replaced whole."""

    model: Any
    parent: str
    order: tuple[str, ...]


def _as_given(caller: Caller, before: Values | None, values: Values) -> Values:  # noqa: ARG001 - the hook's shape
    """Add nothing to what is given."""
    return values


def _no_check(caller: Caller, before: Values | None, after: Values) -> None:
    """Allow every value that the schema lets through."""


def _let_go(caller: Caller, before: Values) -> None:
    """Allow every object to be deleted."""


def _nothing_follows(caller: Caller, before: Values | None, after: Values | None) -> Sequence[UUID]:  # noqa: ARG001 - the hook's shape
    """Change nothing else."""
    return ()


def _as_stored(caller: Caller, found: list[Values]) -> None:
    """Show the values as they are stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of object: its table, its nested lists and its rules.

    `check(caller, before, after)` refuses by raising, `follow(caller, before, after)` does what a
    change entails and gives the appointments that it leaves outside the rules; `before` is None for
    a new object, `after` for one that is gone. `check_removal` refuses to delete. `locks` names the
    field whose id is locked before anything is read: the clinic's for the catalogue, which bookings
    hold still by the same lock. What belongs to a patient `holds_catalog` first, as bookings do.
    `extra` names what a client may say of a new object that is no column of it: the hooks get it.
    An object in one of the fields that it `merges` is changed member by member. `limit` tells which
    objects a key of some locations may see, `only` which rows of the table are of this kind at all.
    `parts` are fields stored in another table, each with what writes it, `write(caller, row, value)`;
    `show` reads them. `complete(caller, before, values)` adds to the given values what follows from them.
    """

    name: str
    model: Any
    rows: Mapping[str, Rows] = field(default_factory=dict)
    locks: str = "clinic_id"
    holds_catalog: bool = False
    limit: Callable[[Locations], ColumnElement[bool]] | None = None
    only: ColumnElement[bool] | None = None
    merges: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()
    parts: Mapping[str, Callable[[Caller, Any, Any], None]] = field(default_factory=dict)
    private: bool = False
    complete: Callable[[Caller, Values | None, Values], Values] = _as_given
    check: Callable[[Caller, Values | None, Values], None] = _no_check
    check_removal: Callable[[Caller, Values], None] = _let_go
    follow: Callable[[Caller, Values | None, Values | None], Sequence[UUID]] = _nothing_follows
    show: Callable[[Caller, list[Values]], None] = _as_stored


def select_all(caller: Caller, kind: Kind, where: Where | None = None) -> Select[Any]:
    """Select the clinic's objects whose fields have these values, as far as the key may see them."""
    model = kind.model
    own: list[ColumnElement[bool]] = [model.clinic_id == caller.clinic_id]
    own += [getattr(model, name) == value for name, value in (where or {}).items()]
    if kind.only is not None:
        own.append(kind.only)
    if kind.limit is not None and caller.location_ids is not None:
        own.append(kind.limit(caller.location_ids))
    return select(model).where(*own)


def represent(caller: Caller, kind: Kind, objects: Iterable[Any]) -> list[Values]:
    """Give the objects as clients see them, each nested list by one query for all of them."""
    found = [_columns(one) for one in objects]
    by_id = {one["id"]: one for one in found}
    for name, rows in kind.rows.items():
        for one in found:
            one[name] = []
        parent = getattr(rows.model, rows.parent)
        statement = select(rows.model).where(rows.model.clinic_id == caller.clinic_id, parent.in_(by_id))
        ordered = statement.order_by(*(getattr(rows.model, column) for column in rows.order))
        for row in caller.session.scalars(ordered.execution_options(populate_existing=True)):
            nested = _columns(row)
            by_id[nested.pop(rows.parent)][name].append(_without(nested, {"id", "position"}))
    kind.show(caller, found)
    return found


def get(caller: Caller, kind: Kind, id: UUID, where: Where | None = None) -> Values:
    """Get one object; NotFound when the clinic has none of this id, or the key may not see it."""
    return represent(caller, kind, [_find(caller, kind, id, where)])[0]


def create(caller: Caller, kind: Kind, values: Values) -> Values:
    """Create an object from all of its fields."""
    _lock(caller, kind, values)
    whole = kind.complete(caller, None, values)
    kind.check(caller, None, whole)
    elsewhere = (*kind.rows, *kind.parts)
    made = kind.model(clinic_id=caller.clinic_id, **_without(whole, {*elsewhere, *kind.extra}))
    caller.session.add(made)
    caller.session.flush()
    for name in elsewhere:
        _write(caller, kind, made, name, whole[name])
    extra = {name: whole[name] for name in kind.extra}
    return _settle(caller, kind, "created", None, get(caller, kind, made.id), extra)


def change(
    caller: Caller,
    kind: Kind,
    id: UUID,
    values: Values,
    expected: int | None,
    where: Where | None = None,
    *,
    fixed: Iterable[str] = (),
) -> Values:
    """Change the given fields, nested lists whole; StaleVersion when `expected` is not the version.

    Invalid when one of the `fixed` fields is given another value than it has.
    """
    row, before = lock_for_change(caller, kind, id, expected, where)
    refuse_changes(before, values, fixed)
    given = {name: before[name] | value if name in kind.merges else value for name, value in values.items()}
    whole = kind.complete(caller, before, given)
    changed = {name: value for name, value in whole.items() if value != before[name]}
    kind.check(caller, before, before | changed)
    if not changed:
        return before | {"affected": []}
    write_changes(caller, kind, row, changed)
    return _settle(caller, kind, "changed", before, get(caller, kind, id))


def lock_for_change(
    caller: Caller, kind: Kind, id: UUID, expected: int | None, where: Where | None = None
) -> tuple[Any, Values]:
    """Give the object's row under its lock, and its fields as they are; NotFound, StaleVersion."""
    row = _locked(caller, kind, id, expected, where)
    return row, represent(caller, kind, [row])[0]


def write_changes(caller: Caller, kind: Kind, row: Any, changed: Values) -> None:  # noqa: ANN401 - the kind's own row
    """Write the changed fields, nested lists whole, as the next version of the object."""
    for name, value in changed.items():
        _write(caller, kind, row, name, value)
    row.version += 1
    row.updated_at = func.now()
    caller.session.flush()


def refuse_changes(before: Mapping[str, Any], values: Mapping[str, Any], fixed: Iterable[str]) -> None:
    """Raise Invalid for the first fixed field that is given another value than it has."""
    for name in fixed:
        if name in values and values[name] != before[name]:
            raise Invalid(f"/{name}", "Cannot be changed.")


def remove(caller: Caller, kind: Kind, id: UUID, expected: int | None, where: Where | None = None) -> None:
    """Delete an object; the database's foreign keys refuse it while something uses it."""
    row, before = lock_for_change(caller, kind, id, expected, where)
    kind.check_removal(caller, before)
    caller.session.delete(row)
    caller.session.flush()
    _settle(caller, kind, "deleted", before, None)


def require(caller: Caller, kind: Kind, id: UUID, pointer: str | None = None) -> Any:  # noqa: ANN401 - the kind's own row
    """Give the row that a body or a path names; NotFound pointing at the body's field when there is none."""
    found = caller.session.scalar(select_all(caller, kind, {"id": id}))
    if found is None:
        raise NotFound(kind.name, pointer)
    return found


def _lock(caller: Caller, kind: Kind, subject: Mapping[str, Any]) -> None:
    """Lock what the kind names; a new object without such an id has nobody to wait for."""
    if kind.holds_catalog:
        lock_catalogue(caller)
    locked = caller.clinic_id if kind.locks == "clinic_id" else subject.get(kind.locks)
    if locked is not None:
        lock_resources(caller.session, [locked])


def _locked(caller: Caller, kind: Kind, id: UUID, expected: int | None, where: Where | None) -> Any:  # noqa: ANN401 - the kind's own row
    """Find the object, lock, and read it again with its row locked: only what is read then can be trusted."""
    _lock(caller, kind, _columns(_find(caller, kind, id, where)))
    row = _find(caller, kind, id, where, for_change=True)
    if expected is not None and row.version != expected:
        raise StaleVersion
    return row


def _find(caller: Caller, kind: Kind, id: UUID, where: Where | None, *, for_change: bool = False) -> Any:  # noqa: ANN401 - the kind's own row
    statement = select_all(caller, kind, {**(where or {}), "id": id})
    if for_change:
        statement = statement.with_for_update(key_share=True)
    found = caller.session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(kind.name)
    return found


def _write(caller: Caller, kind: Kind, row: Any, name: str, value: Any) -> None:  # noqa: ANN401 - the kind's own row
    """Write one field where it is stored."""
    if name in kind.rows:
        _write_rows(caller, kind.rows[name], row.id, value)
    elif name in kind.parts:
        kind.parts[name](caller, row, value)
    else:
        setattr(row, name, value)


def _write_rows(caller: Caller, rows: Rows, parent_id: UUID, items: Sequence[Values]) -> None:
    """Replace a nested list; what has a position keeps the order in which it was given."""
    parent = getattr(rows.model, rows.parent)
    caller.session.execute(
        delete(rows.model).where(rows.model.clinic_id == caller.clinic_id, parent == parent_id),
        execution_options={"synchronize_session": False},
    )
    shared = {"clinic_id": caller.clinic_id, rows.parent: parent_id}
    places = [{"position": place} if "position" in rows.order else {} for place in range(len(items))]
    written = [shared | place | item for place, item in zip(places, items, strict=True)]
    if written:
        caller.session.execute(insert(rows.model), written)


def _settle(
    caller: Caller,
    kind: Kind,
    action: str,
    before: Values | None,
    after: Values | None,
    extra: Where = MappingProxyType({}),
) -> Values:
    """Do what follows from the change and write its audit entry."""
    affected = list(kind.follow(caller, before, None if after is None else {**after, **extra}))
    subject: Values = after or before or {}
    audit(caller, f"{kind.name}.{action}", kind.name, subject["id"], _difference(kind, before, after))
    return subject | {"affected": affected}


def _difference(kind: Kind, before: Values | None, after: Values | None) -> Values:
    """List each changed field with its value before and after; of a private kind the names alone."""
    old, new = _without(before or {}, _KEPT), _without(after or {}, _KEPT)
    names = [name for name in old | new if old.get(name) != new.get(name)]
    if kind.private:
        return {"fields": names}
    return {name: {"before": old.get(name), "after": new.get(name)} for name in names}


def _columns(row: Any) -> Values:  # noqa: ANN401 - any mapped object
    return {
        column.key: getattr(row, column.key)
        for column in inspect(type(row)).column_attrs
        if column.key not in _HIDDEN
    }


def _without(values: Mapping[str, Any], names: Iterable[str]) -> Values:
    return {name: value for name, value in values.items() if name not in set(names)}
