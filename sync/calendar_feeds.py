"""Makes, rotates and revokes calendar feeds; only the SHA-256 of a feed's token is ever stored."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from booking.callers import Caller
from booking.devices import DEVICE
from booking.errors import Invalid, MissingScope, NotFound, StaleVersion
from booking.events import audit
from booking.locations import LOCATION
from booking.patients import PATIENT
from booking.resources import require
from booking.rooms import ROOM
from booking.therapists import THERAPIST
from models import CalendarFeed, Device, Resource, Room

SECRET_BYTES: Final = 24
HINT_LENGTH: Final = 4
OF: Final = ("resource_id", "location_id", "patient_id")
_KINDS: Final = {"therapist": THERAPIST, "room": ROOM, "device": DEVICE}


def digest(token: str) -> bytes:
    """Give what is stored of a token: it is random enough to need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def create_calendar_feed(caller: Caller, values: Mapping[str, Any]) -> tuple[CalendarFeed, str]:
    """Make a feed and give it with its token, which is shown this once.

    `values`: detail, and one of resource_id, location_id, patient_id (Invalid for none or more). NotFound for
    what the clinic does not have; MissingScope for a key of some locations whose feed would show others.
    """
    _require_one(caller, values)
    token, stored = _fresh()
    feed = CalendarFeed(clinic_id=caller.clinic_id, detail=values["detail"], **stored)
    for name in OF:
        setattr(feed, name, values.get(name))
    caller.session.add(feed)
    return _written(caller, feed, "created"), token


def select_calendar_feeds(caller: Caller) -> Select[CalendarFeed]:
    """Select the clinic's feeds; a key of some locations knows of those of its locations' things."""
    own = select(CalendarFeed).where(CalendarFeed.clinic_id == caller.clinic_id)
    if caller.location_ids is None:
        return own
    there = [
        CalendarFeed.resource_id.in_(
            select(kind.id).where(
                kind.clinic_id == caller.clinic_id, kind.location_id.in_(caller.location_ids)
            )
        )
        for kind in (Room, Device)
    ]
    return own.where(or_(CalendarFeed.location_id.in_(caller.location_ids), *there))


def get_calendar_feed(caller: Caller, feed_id: UUID) -> CalendarFeed:
    """Get one feed; NotFound when the clinic has none of this id, or the caller may not know of it."""
    return _found(caller, feed_id, select_calendar_feeds(caller))


def rotate_calendar_feed(caller: Caller, feed_id: UUID, expected: int | None) -> tuple[CalendarFeed, str]:
    """Give the feed a new token; the old address is dead when this commits. StaleVersion."""
    feed = _locked(caller, feed_id, expected)
    token, stored = _fresh()
    for name, value in stored.items():
        setattr(feed, name, value)
    feed.version += 1
    feed.updated_at = func.now()
    return _written(caller, feed, "rotated"), token


def revoke_calendar_feed(caller: Caller, feed_id: UUID, expected: int | None) -> None:
    """Remove the feed: its address is dead when this commits. StaleVersion."""
    feed = _locked(caller, feed_id, expected)
    caller.session.delete(feed)
    caller.session.flush()
    audit(caller, "calendar_feed.revoked", "calendar_feed", feed.id, {})


def _require_one(caller: Caller, values: Mapping[str, Any]) -> None:
    given = [name for name in OF if values.get(name) is not None]
    if len(given) != 1:
        raise Invalid(f"/{(given or OF)[-1]}", "Give exactly one of resource_id, location_id and patient_id.")
    (name,), id_ = given, values[given[0]]
    if name == "resource_id":
        resource = caller.session.get(Resource, (caller.clinic_id, id_))
        if resource is None:
            raise NotFound("resource", "/resource_id")
        kind = _KINDS[resource.type]
    else:
        kind = LOCATION if name == "location_id" else PATIENT
    require(caller, kind, id_, f"/{name}")
    if caller.location_ids is not None and kind in (THERAPIST, PATIENT):
        raise MissingScope("A key of some locations cannot show what is at others.")


def _fresh() -> tuple[str, dict[str, Any]]:
    token = secrets.token_urlsafe(SECRET_BYTES)
    return token, {"token_hash": digest(token), "token_hint": token[-HINT_LENGTH:]}


def _written(caller: Caller, feed: CalendarFeed, action: str) -> CalendarFeed:
    caller.session.flush()
    caller.session.refresh(feed)
    audit(caller, f"calendar_feed.{action}", "calendar_feed", feed.id, {"detail": feed.detail})
    return feed


def _locked(caller: Caller, feed_id: UUID, expected: int | None) -> CalendarFeed:
    feed = _found(caller, feed_id, select_calendar_feeds(caller).with_for_update())
    if expected is not None and feed.version != expected:
        raise StaleVersion
    return feed


def _found(caller: Caller, feed_id: UUID, feeds: Select[CalendarFeed]) -> CalendarFeed:
    feed = caller.session.execute(feeds.where(CalendarFeed.id == feed_id)).scalar_one_or_none()
    if feed is None:
        raise NotFound("calendar feed")
    return feed
