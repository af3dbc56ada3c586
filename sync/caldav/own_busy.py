"""Writes a therapist's own collection of busy time, which their calendar programs fill."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from booking.catalogue.therapists import Therapists
from booking.core.calendar_queue import expand_soon
from booking.core.caller import Caller
from booking.core.errors import NotFound, StaleVersion
from booking.core.locks import lock_resources
from models import BusyObject
from sync.busy.busy_time import Found, Source, found_in, of_source, store, window_of
from sync.busy.expansion import UnusableError
from sync.busy.moments import Range
from sync.busy.sandboxed_reading import FEED, OBJECT, read

_AT_ONCE: Final = 100


def put_object(
    caller: Caller,
    therapist_id: UUID,
    href: str,
    body: str,
    *,
    if_match: str | None = None,
    if_none_match: bool = False,
) -> str:
    """Create or replace an object of the therapist's own collection, and give its ETag (without quotes).

    StaleVersion unless the stored object has the ETag `if_match`, or when it exists despite
    `if_none_match`; UnusableError for a text that is no calendar or is too much to read.
    """
    Therapists(caller).require(therapist_id)
    # The text is read before the lock is taken: reading takes time, and no booking should wait for it.
    (expanded,) = read([body.encode()], window_of(caller, therapist_id), OBJECT)
    if expanded is None or expanded.unread:
        raise UnusableError("not_a_calendar")
    lock_resources(caller.session, [therapist_id])
    present = _find(caller, therapist_id, href)
    if (if_none_match and present is not None) or (
        if_match is not None and (present is None or present.etag != if_match)
    ):
        raise StaleVersion
    etag = hashlib.sha256(body.encode()).hexdigest()[:32]
    store(caller, Source(therapist_id), {href: found_in(expanded, etag, body)}, gone=())
    return etag


def delete_object(caller: Caller, therapist_id: UUID, href: str, *, if_match: str | None = None) -> None:
    """Delete an object of the therapist's own collection; NotFound, StaleVersion."""
    lock_resources(caller.session, [therapist_id])
    if if_match not in {None, get_object(caller, therapist_id, href).etag}:
        raise StaleVersion
    store(caller, Source(therapist_id), {}, gone=[href])


def get_object(caller: Caller, therapist_id: UUID, href: str) -> BusyObject:
    """Give an object of the therapist's own collection; NotFound."""
    found = _find(caller, therapist_id, href)
    if found is None:
        raise NotFound("calendar object")
    return found


def _find(caller: Caller, therapist_id: UUID, href: str) -> BusyObject | None:
    statement = select(BusyObject).where(*of_source(caller, Source(therapist_id)), BusyObject.href == href)
    # The session may hold the row from before the lock, so it is read again.
    return caller.session.scalar(statement.execution_options(populate_existing=True))


def expand_all(caller: Caller) -> int:
    """Queue a new expansion of every own collection, because the window of busy time has moved."""
    own = select(BusyObject.therapist_id).distinct()
    whose = own.where(BusyObject.clinic_id == caller.clinic_id, BusyObject.external_calendar_id.is_(None))
    found = caller.session.scalars(whose).all()
    expand_soon(caller, found)
    return len(found)


@dataclass(frozen=True, slots=True)
class Kept:
    """The objects of a collection as (ETag, body) by name, and the window to expand them in."""

    texts: Mapping[str, tuple[str, str]]
    within: Range


def load_kept(caller: Caller, therapist_id: UUID) -> Kept | None:
    """Give the objects of a collection; None when it is empty."""
    columns = select(BusyObject.href, BusyObject.etag, BusyObject.body)
    rows = caller.session.execute(columns.where(*of_source(caller, Source(therapist_id))))
    texts = {href: (etag, body or "") for href, etag, body in rows}
    return Kept(texts, window_of(caller, therapist_id)) if texts else None


def read_again(kept: Kept) -> dict[str, Found]:
    """Expand a collection again, with no transaction open; objects that cannot be read are left out."""
    found: dict[str, Found] = {}
    hrefs = sorted(kept.texts)
    # In portions, so that an object that takes too long to expand spoils only its own portion.
    for first in range(0, len(hrefs), _AT_ONCE):
        some = hrefs[first : first + _AT_ONCE]
        try:
            read_now = read([kept.texts[href][1].encode() for href in some], kept.within, FEED)
        except UnusableError:
            continue
        for href, one in zip(some, read_now, strict=True):
            if one is not None:
                found[href] = found_in(one, *kept.texts[href])
    return found


def renew(caller: Caller, therapist_id: UUID, kept: Kept, found: Mapping[str, Found]) -> None:
    """Write the new busy time of a collection's objects, except those that were replaced meanwhile.

    When the therapist's clock has changed since the objects were loaded, they are expanded once more instead.
    """
    lock_resources(caller.session, [therapist_id])
    present = load_kept(caller, therapist_id)
    if present is None:
        return
    if present.within != kept.within:
        expand_soon(caller, [therapist_id])
        return
    same = {href: one for href, one in found.items() if present.texts.get(href) == (one.etag, one.body)}
    store(caller, Source(therapist_id), same, gone=())
