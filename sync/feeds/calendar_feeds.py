"""Creates, rotates and revokes calendar feeds; only the SHA-256 of a feed's token is stored."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, or_, select

from booking.catalogue.devices import Devices
from booking.catalogue.locations import Locations
from booking.catalogue.patients import Patients
from booking.catalogue.rooms import Rooms
from booking.catalogue.therapists import Therapists
from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where
from booking.core.errors import Invalid, NotFound
from booking.core.events import audit
from booking.core.tokens import Secret, fresh_secret
from models import CalendarFeed, Device, Resource, Room

OF: Final = ("resource_id", "location_id", "patient_id")
_KINDS: Final[Mapping[str, type[Collection]]] = {"therapist": Therapists, "room": Rooms, "device": Devices}


class CalendarFeeds(Collection):
    """Calendar feeds, each of a resource, a location or a patient."""

    name = "calendar_feed"
    model = CalendarFeed
    locks = "id"
    private = True

    def select(self, where: Where = ALL) -> Select[Any]:
        """Limit a key of some locations to the feeds of these locations, their rooms and their devices."""
        selected, seen = super().select(where), self.caller.location_ids
        if seen is None:
            return selected
        things = [
            CalendarFeed.resource_id.in_(
                select(kind.id).where(kind.clinic_id == CalendarFeed.clinic_id, kind.location_id.in_(seen))
            )
            for kind in (Room, Device)
        ]
        return selected.where(or_(CalendarFeed.location_id.in_(seen), *things))


def create_calendar_feed(caller: Caller, values: Values) -> Values:
    """Create a feed; its `token` is in this result alone.

    `values`: detail, and exactly one of resource_id, location_id, patient_id (else Invalid). NotFound for an
    id that the clinic lacks; OtherLocations for a key of some locations whose feed would show others.
    """
    _require_one(caller, values)
    secret = fresh_secret()
    return CalendarFeeds(caller).create({**values, **_stored(secret)}) | {"token": secret.text}


def select_calendar_feeds(caller: Caller) -> Select[Any]:
    """Select the clinic's feeds that the key may see."""
    return CalendarFeeds(caller).select()


def get_calendar_feed(caller: Caller, feed_id: UUID) -> Values:
    """Get a feed; NotFound when the clinic has none with this id, or the key may not see it."""
    return CalendarFeeds(caller).get(feed_id)


def rotate_calendar_feed(caller: Caller, feed_id: UUID, expected: int | None) -> Values:
    """Give the feed a new `token`; the old address stops working when this commits. StaleVersion."""
    found, secret = CalendarFeeds(caller), fresh_secret()
    row, _ = found.lock_for_change(feed_id, expected)
    found.write_changes(row, _stored(secret))
    audit(caller, "calendar_feed.rotated", "calendar_feed", feed_id, {"fields": ["token"]})
    return found.get(feed_id) | {"token": secret.text}


def revoke_calendar_feed(caller: Caller, feed_id: UUID, expected: int | None) -> None:
    """Remove the feed: its address stops working when this commits. StaleVersion."""
    CalendarFeeds(caller).remove(feed_id, expected)


def _stored(secret: Secret) -> dict[str, Any]:
    return {"token_hash": secret.digest, "token_hint": secret.hint}


def _require_one(caller: Caller, values: Values) -> None:
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
        kind = Locations if name == "location_id" else Patients
    kind(caller).require(id_, f"/{name}")
    if kind in (Therapists, Patients):
        caller.require_every_location("A key of some locations cannot show what is at others.")
