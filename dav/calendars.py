"""Defines what the CalDAV server shows: homes, their calendars and the objects in them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Span = tuple[datetime, datetime]
"""Two aware instants, half-open."""


class InvalidSyncTokenError(Exception):
    """The sync token is not of this calendar, or too old: begin anew."""


class PreconditionFailedError(Exception):
    """If-Match or If-None-Match does not hold."""


class ForbiddenError(Exception):
    """The object is refused; `element` names the precondition of RFC 4791 or 4918 that it violates."""

    def __init__(self, element: str, href: str | None = None) -> None:
        super().__init__(element)
        self.element = element
        self.href = href


@dataclass(frozen=True, slots=True)
class Item:
    """A calendar object: its name in the calendar, its strong ETag with quotes, and how to get its text.

    `modified` is the instant of its last change.
    """

    name: str
    etag: str
    modified: datetime
    render: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes since a sync token; `token` stands for the state after them, `more`: some are left."""

    changed: Sequence[Item]
    gone: Sequence[str]
    token: str
    more: bool


@dataclass(frozen=True, slots=True)
class Conditions:
    """The preconditions of a write: entity tags with quotes, or `*`."""

    if_match: Sequence[str] = ()
    if_none_match: Sequence[str] = ()

    def hold(self, etag: str | None) -> bool:
        """Whether the preconditions hold for the present ETag (None: there is no object)."""
        if self.if_match and (etag is None or not {"*", etag} & {*self.if_match}):
            return False
        return not self.held_by(etag)

    def held_by(self, etag: str | None) -> bool:
        """Whether If-None-Match names the present ETag; weak tags count as well (RFC 9110, 13.1.2)."""
        named = {tag.removeprefix("W/") for tag in self.if_none_match}
        return etag is not None and not named.isdisjoint({"*", etag})


class Calendar(Protocol):
    """A collection of calendar objects."""

    name: str
    title: str
    writable: bool
    largest: int
    """The most bytes that an object may have."""

    def items(self, names: Collection[str] | None = None) -> Iterable[Item]:
        """Give all objects, or those of the named objects that exist."""
        ...

    def between(self, start: datetime | None, end: datetime | None) -> Iterable[Item]:
        """Give the objects that take place, at least once, between two instants; None: no bound."""
        ...

    def expand(self, texts: Sequence[bytes], start: datetime, end: datetime) -> Sequence[bytes]:
        """Give texts with their instances in UTC between two instants. ForbiddenError (max-instances).

        A text that cannot be expanded is given as it is.
        """
        ...

    def busy(self, start: datetime, end: datetime) -> Iterable[Span]:
        """Give the spans in which the owner is busy between two instants."""
        ...

    def properties(self) -> Mapping[str, str]:
        """Give the properties that programs have set, by name."""
        ...

    def set_properties(self, changes: Mapping[str, str | None]) -> None:
        """Set properties; None removes one."""
        ...

    def token(self) -> str:
        """Give the sync token of the present state: a URI."""
        ...

    def changes(self, token: str | None, limit: int | None) -> Changes:
        """Give the changes since a token; every object without a token. InvalidSyncTokenError."""
        ...

    def put(self, name: str, body: bytes, conditions: Conditions) -> tuple[str, bool]:
        """Write an object; give its ETag and whether it is new. PreconditionFailedError, ForbiddenError."""
        ...

    def delete(self, name: str, conditions: Conditions) -> bool:
        """Remove an object; False when there is none. PreconditionFailedError."""
        ...


@dataclass(frozen=True, slots=True)
class Home:
    """The calendars of a user: `user` is a path segment, `title` is what programs show."""

    user: str
    title: str
    calendars: Sequence[Calendar]

    def calendar(self, name: str) -> Calendar | None:
        """Give the calendar of this name, or None."""
        return next((one for one in self.calendars if one.name == name), None)
