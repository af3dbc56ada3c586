"""The acts that every kind of stored object shares: list, get, create, change and delete."""

# ruff: noqa: ANN401 - rows are those of the subclass's own model.

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import Select, func, select

from booking.core.caller import Caller
from booking.core.errors import Invalid, NotFound, StaleVersion
from booking.core.events import audit, tell
from booking.core.locks import lock_catalogue, lock_resources
from booking.core.nested_rows import Rows, columns_of, without

# What clients see of an object: its columns and its nested lists, by field.
Values = dict[str, Any]
Where = Mapping[str, Any]

ALL: Final[Where] = MappingProxyType({})
_KEPT: Final = frozenset({"id", "version", "created_at", "updated_at"})
_PAGING: Final = frozenset({"limit", "cursor", "sort", "include"})


class Collection:
    """The caller's objects of one kind: a subclass names their table, and overrides what its kind does.

    The hooks get an object's fields as clients see them. `before` is None for a new object, `after` for a
    deleted one. A hook refuses by raising a DomainError.
    """

    name: ClassVar[str]
    model: ClassVar[Any]
    rows: ClassVar[Mapping[str, Rows]] = MappingProxyType({})
    """The fields that are nested lists."""
    parts: ClassVar[frozenset[str]] = frozenset()
    """The fields that `write` stores in another table and `show` reads from it."""
    extra: ClassVar[frozenset[str]] = frozenset()
    """What a client may say of a new object that is not stored: `complete`, `check` and `follow` get it."""
    fixed: ClassVar[Sequence[str]] = ()
    """The fields that no change may give another value."""
    merges: ClassVar[frozenset[str]] = frozenset()
    """The fields that hold an object of their own, which is changed member by member."""
    location: ClassVar[str | None] = None
    """The field with an object's location, if only keys of that location may see the object."""
    shared: ClassVar[bool] = False
    """Whether the objects are those of every location, so that a key of some may change none of them."""
    locks: ClassVar[str] = "clinic_id"
    """The field whose id is locked before anything is read: the clinic's for what is in the catalogue."""
    locks_catalogue: ClassVar[bool] = False
    """Whether the catalogue is locked first, shared, as bookings do: so for all that belongs to a patient."""
    private: ClassVar[bool] = False
    """Whether the audit log keeps the names of changed fields without their values."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    @property
    def in_catalogue(self) -> bool:
        """Whether the objects are part of what the clinic offers, of whose changes webhooks are told."""
        return self.locks == "clinic_id"

    def complete(self, before: Values | None, values: Values) -> None:
        """Add to the given values what follows from them."""

    def check_reach(self, before: Values | None, after: Values | None) -> None:
        """Refuse a key of some locations an act on an object that reaches other locations in part."""

    def check_values(self, after: Values) -> None:
        """Refuse values that no object of the kind may have."""

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse a new object or a change, once its values are checked."""

    def check_removal(self, before: Values) -> None:
        """Refuse to delete an object."""

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID] | None:
        """Do what follows, by default from a change alone; give the visits left outside the rules."""
        return None if before is None or after is None else self.follow_change(before, after)

    def follow_change(self, before: Values, after: Values) -> Sequence[UUID] | None:
        """Do what follows from a change of an object; give the visits left outside the rules."""

    def show(self, found: list[Values]) -> None:
        """Add to objects what they show beyond their columns and nested lists."""

    def select(self, where: Where = ALL) -> Select[Any]:
        """Select the clinic's objects whose fields have these values, as far as the key may see them.

        A list stands for any of its values.
        """
        selected = select(self.model).where(self.model.clinic_id == self.caller.clinic_id)
        for name, value in where.items():
            column = getattr(self.model, name)
            selected = selected.where(column.in_(value) if isinstance(value, list) else column == value)
        if self.location is None or self.caller.location_ids is None:
            return selected
        return selected.where(getattr(self.model, self.location).in_(self.caller.location_ids))

    def search(self, query: Where) -> Select[Any]:
        """Select the objects that a list's query asks for: by default those with all of its values."""
        return self.select(without(query, _PAGING))

    def represent(self, objects: Iterable[Any]) -> list[Values]:
        """Give the objects as clients see them, each nested list by one query for all of them."""
        found = [columns_of(row) for row in objects]
        for name, rows in self.rows.items():
            lists = rows.read(self.caller, [values["id"] for values in found])
            for values in found:
                values[name] = lists[values["id"]]
        self.show(found)
        return found

    def get(self, id: UUID, where: Where = ALL) -> Values:
        """Get one object; NotFound when the clinic has none of this id, or the key may not see it."""
        return self.represent([self._find(id, where)])[0]

    def require(self, id: UUID, pointer: str | None = None) -> Any:
        """Give the row that a body or a path names; NotFound pointing at the body's field without one."""
        found = self.caller.session.scalar(self.select({"id": id}))
        if found is None:
            raise NotFound(self.name, pointer)
        return found

    def create(self, values: Values) -> Values:
        """Create an object from all of its fields."""
        self._require_reach()
        self._lock(values)
        whole = dict(values)
        self.complete(None, whole)
        self._check_reach(None, whole)
        self.check_values(whole)
        self.check(None, whole)
        elsewhere = (*self.rows, *self.parts)
        made = self.model(clinic_id=self.caller.clinic_id, **without(whole, {*elsewhere, *self.extra}))
        self.caller.session.add(made)
        self.caller.session.flush()
        for name in elsewhere:
            self.write(made, name, whole[name])
        return self._settle("created", None, self.get(made.id), {name: whole[name] for name in self.extra})

    def change(self, id: UUID, values: Values, expected: int | None, where: Where = ALL) -> Values:
        """Change the given fields, nested lists whole; StaleVersion when `expected` is not the version."""
        row, before = self.lock_for_change(id, expected, where)
        refuse_changes(before, values, self.fixed)
        given = dict(values)
        for name in self.merges & given.keys():
            given[name] = before[name] | given[name]
        self.complete(before, given)
        changed = {name: value for name, value in given.items() if value != before[name]}
        self._check_reach(before, before | changed)
        self.check_values(before | changed)
        self.check(before, before | changed)
        if not changed:
            return before | {"affected": []}
        self.write_changes(row, changed)
        return self._settle("changed", before, self.get(id))

    def lock_for_change(self, id: UUID, expected: int | None, where: Where = ALL) -> tuple[Any, Values]:
        """Give the object's row under its lock, and its fields as they are; NotFound, StaleVersion."""
        self._require_reach()
        subject = columns_of(self._find(id, where))
        self._lock(subject)
        # Only what is read under the lock can be trusted.
        row = self._find(id, where, for_change=True)
        if self.locks in subject and getattr(row, self.locks) != subject[self.locks]:
            # Its patient was merged meanwhile, and the other patient is not locked.
            raise StaleVersion
        if expected is not None and row.version != expected:
            raise StaleVersion
        return row, self.represent([row])[0]

    def write_changes(self, row: Any, changed: Values) -> None:
        """Write the changed fields, nested lists whole, as the next version of the object."""
        for name, value in changed.items():
            self.write(row, name, value)
        row.version += 1
        row.updated_at = func.now()
        self.caller.session.flush()

    def write(self, row: Any, name: str, value: Any) -> None:
        """Write one field where it is stored."""
        if name in self.rows:
            self.rows[name].write(self.caller, row.id, value)
        else:
            setattr(row, name, value)

    def remove(self, id: UUID, expected: int | None, where: Where = ALL) -> None:
        """Delete an object; the database's foreign keys refuse it while something uses it."""
        row, before = self.lock_for_change(id, expected, where)
        self._check_reach(before, None)
        self.check_removal(before)
        self.caller.session.delete(row)
        self.caller.session.flush()
        self._settle("deleted", before, None)

    def _require_reach(self) -> None:
        """Refuse a key of some locations any act on what all locations share, before anything is locked."""
        if self.shared:
            self.caller.require_every_location()

    def _check_reach(self, before: Values | None, after: Values | None) -> None:
        if self.caller.location_ids is not None:
            self.check_reach(before, after)

    def _lock(self, subject: Where) -> None:
        """Lock what the kind names; a new object without such an id needs no lock."""
        if self.locks_catalogue:
            lock_catalogue(self.caller)
        locked = self.caller.clinic_id if self.locks == "clinic_id" else subject.get(self.locks)
        if locked is not None:
            lock_resources(self.caller.session, [locked])

    def _find(self, id: UUID, where: Where, *, for_change: bool = False) -> Any:
        statement = self.select({**where, "id": id})
        if for_change:
            statement = statement.with_for_update(key_share=True)
        found = self.caller.session.scalar(statement.execution_options(populate_existing=True))
        if found is None:
            raise NotFound(self.name)
        return found

    def _settle(self, action: str, before: Values | None, after: Values | None, extra: Where = ALL) -> Values:
        """Do what follows from the act; write its audit entry, and its event if it is of the catalogue."""
        affected = self.follow(before, None if after is None else {**after, **extra})
        subject = latest(before, after)
        changes = self._difference(before or {}, after or {})
        if self.in_catalogue:
            told = {"resource": self.name, "id": subject["id"]}
            tell(self.caller, "catalogue.changed", subject["id"], told)
        audit(self.caller, f"{self.name}.{action}", self.name, subject["id"], changes)
        return subject | {"affected": list(affected or ())}

    def _difference(self, before: Values, after: Values) -> Values:
        """List each changed field with its value before and after; of a private kind the names alone."""
        old, new = without(before, _KEPT), without(after, _KEPT)
        names = [name for name in old | new if old.get(name) != new.get(name)]
        if self.private:
            return {"fields": names}
        return {name: {"before": old.get(name), "after": new.get(name)} for name in names}


def refuse_changes(before: Where, values: Where, fixed: Iterable[str]) -> None:
    """Raise Invalid for the first fixed field that is given another value than it has."""
    for name in fixed:
        if name in values and values[name] != before[name]:
            raise Invalid(f"/{name}", "Cannot be changed.")


def latest(before: Values | None, after: Values | None) -> Values:
    """Give the fields of an object as they are, or as they were when it was deleted."""
    return after or before or {}
