"""API keys: made, changed, rotated and revoked; only a key's SHA-256 is ever stored."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select

from booking.core.caller import Caller
from booking.core.crud import refuse_changes
from booking.core.errors import Invalid, LastAdminKey, NotFound, StaleVersion, WrongStatus
from booking.core.events import audit
from booking.core.tokens import fresh_secret
from models.api_keys import ApiKey
from models.clinics import Clinic
from models.locations import Location

PREFIXES: Final = MappingProxyType({"secret": "sk_", "publishable": "pk_"})
LONGEST_OVERLAP: Final = timedelta(days=7)
FIXED: Final = ("kind",)
# A widget reads the public catalogue, sees what is free, holds it, and books with a booking token.
PUBLISHABLE_SCOPES: Final = frozenset(
    {"catalog:read", "availability:read", "appointments:read", "appointments:write"}
)
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def create_api_key(caller: Caller, values: Mapping[str, Any]) -> tuple[ApiKey, str]:
    """Make a key of the caller's clinic and give it with its text, which is shown this once.

    `values`: name, kind, scopes, and if wanted origins, location_ids, expires_at. Invalid for a
    publishable key without origins or with more than a widget's scopes, for locations beyond the
    caller's own, and for a key that has expired already by the real clock; NotFound for a location.
    """
    secret = fresh_secret(PREFIXES[values["kind"]])
    key = ApiKey(
        clinic_id=caller.clinic_id,
        name=values["name"],
        kind=values["kind"],
        scopes=list(values["scopes"]),
        origins=list(values.get("origins", ())),
        location_ids=values.get("location_ids"),
        key_hash=secret.digest,
        key_hint=secret.hint,
        expires_at=values.get("expires_at"),
        revoked_at=None,
    )
    _check(key)
    _check_expiry(caller, key.expires_at)
    _check_locations(caller, key.location_ids)
    caller.session.add(key)
    caller.session.flush()
    caller.session.refresh(key)
    audit(caller, "api_key.created", "api_key", key.id, {"kind": key.kind, "scopes": key.scopes})
    return key, secret.text


def select_api_keys(caller: Caller) -> Select[ApiKey]:
    """Select the clinic's keys; a key of some locations gets only keys that see no other location."""
    own = select(ApiKey).where(ApiKey.clinic_id == caller.clinic_id)
    if caller.location_ids is None:
        return own
    # A key of all locations has null here: no list contains it.
    return own.where(ApiKey.location_ids.bool_op("<@")(list(caller.location_ids)))


def own_key(caller: Caller) -> Mapping[str, Any]:
    """Give what the caller's own key may know of itself: its rights, and its clinic's id and name.

    NotFound for a caller without a key.
    """
    statement = select(
        ApiKey.name, ApiKey.kind, ApiKey.scopes, ApiKey.location_ids, Clinic.id, Clinic.name.label("clinic")
    )
    own = statement.join(Clinic, Clinic.id == ApiKey.clinic_id).where(
        ApiKey.clinic_id == caller.clinic_id, ApiKey.id == caller.key_id
    )
    found = caller.session.execute(own).mappings().one_or_none()
    if found is None:
        raise NotFound("key")
    return {**found, "clinic": {"id": found["id"], "name": found["clinic"]}}


def get_api_key(caller: Caller, key_id: UUID) -> ApiKey:
    """Get a key; NotFound when the clinic has none of this id, or the caller may not see it."""
    return _found(caller, key_id, select_api_keys(caller))


def update_api_key(caller: Caller, key_id: UUID, values: Mapping[str, Any], expected: int | None) -> ApiKey:
    """Change name, scopes, origins, locations or expiry, never the kind.

    StaleVersion when the key has another version; Invalid and NotFound as for a new key. LastAdminKey when
    no key would be left that may administer the whole clinic for good.
    """
    _lock_keys(caller)
    key = _locked(caller, key_id, expected)
    before = {name: getattr(key, name) for name in values}
    lasted = _lasts(key)
    refuse_changes(before, values, FIXED)
    for name, value in values.items():
        setattr(key, name, value)
    _check(key)
    if "location_ids" in values:
        _check_locations(caller, key.location_ids)
    if "expires_at" in values and values["expires_at"] != before["expires_at"]:
        _check_expiry(caller, key.expires_at)
    _keep_one(caller, key, lasted=lasted)
    return _changed(caller, key, "changed", {"before": before, "after": dict(values)})


def rotate_api_key(
    caller: Caller, key_id: UUID, overlap: timedelta, expected: int | None = None
) -> tuple[ApiKey, str]:
    """Give the key a new text; the text that it has now goes on for the `overlap`, any before that ends.

    WrongStatus once the key is revoked or has expired by the real clock. Without an overlap the texts end
    when this commits.
    """
    key = _locked(caller, key_id, expected)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= caller.real_now):
        raise WrongStatus(("active",), "The key is revoked or has expired.")
    secret = fresh_secret(PREFIXES[key.kind])
    goes_on = overlap > timedelta()
    key.previous_hash = key.key_hash if goes_on else None
    key.previous_until = caller.real_now + overlap if goes_on else None
    key.key_hash = secret.digest
    key.key_hint = secret.hint
    return _changed(caller, key, "rotated", {"previous_until": key.previous_until}), secret.text


def revoke_api_key(caller: Caller, key_id: UUID, at: datetime, expected: int | None = None) -> ApiKey:
    """End the key for good, `at` by the real clock; revoking it again changes nothing.

    LastAdminKey when no key would be left that may administer the whole clinic for good.
    """
    _lock_keys(caller)
    key = _locked(caller, key_id, expected)
    if key.revoked_at is not None:
        return key
    lasted = _lasts(key)
    key.revoked_at = at
    _keep_one(caller, key, lasted=lasted)
    return _changed(caller, key, "revoked", {})


# Without a key that may administer all locations and never expires, a clinic would some day have no way back
# but the command line. Two such keys could revoke each other at once, each seeing the other alive: changes of
# keys go one after another by the clinic's row, which no booking needs.
def _lock_keys(caller: Caller) -> None:
    own = select(Clinic.id).where(Clinic.id == caller.clinic_id)
    caller.session.execute(own.with_for_update(key_share=True))


def _lasts(key: ApiKey) -> bool:
    """Whether the key may administer the whole clinic for good."""
    whole = "admin" in key.scopes and key.location_ids is None
    return whole and key.revoked_at is None and key.expires_at is None


def _keep_one(caller: Caller, key: ApiKey, *, lasted: bool) -> None:
    """Raise LastAdminKey when this key was the last that may administer the whole clinic for good."""
    if not lasted or _lasts(key):
        return
    other = select(ApiKey.id).where(
        ApiKey.clinic_id == caller.clinic_id,
        ApiKey.id != key.id,
        ApiKey.scopes.contains(["admin"]),
        ApiKey.location_ids.is_(None),
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at.is_(None),
    )
    if caller.session.scalar(other.limit(1)) is None:
        raise LastAdminKey


def _check_expiry(caller: Caller, expires_at: datetime | None) -> None:
    """Refuse an expiry that has passed: such a key could never be used; to end a key, revoke it."""
    if expires_at is not None and expires_at <= caller.real_now:
        raise Invalid("/expires_at", "Must lie ahead; to end a key at once, revoke it.")


def _check(key: ApiKey) -> None:
    """Refuse a key without scopes, a malformed origin, and a widget's key with other than widgets' scopes."""
    if not key.scopes:
        raise Invalid("/scopes", "Must name at least one scope.")
    if not all(_ORIGIN.fullmatch(origin) for origin in key.origins):
        raise Invalid("/origins", "An origin is a scheme, a host in lower case and perhaps a port.")
    if key.kind != "publishable":
        return
    if not key.origins:
        raise Invalid("/origins", "A publishable key needs at least one origin.")
    if not PUBLISHABLE_SCOPES.issuperset(key.scopes):
        raise Invalid("/scopes", f"A publishable key may hold: {', '.join(sorted(PUBLISHABLE_SCOPES))}.")


def _check_locations(caller: Caller, ids: list[UUID] | None) -> None:
    """Refuse a key that would see more than the caller does, and locations that do not exist."""
    if caller.location_ids is not None and (ids is None or not caller.location_ids.issuperset(ids)):
        raise Invalid("/location_ids", "Must name only locations that your own key sees.")
    if not ids:
        return
    found = caller.session.scalar(select(func.count()).select_from(Location).where(Location.id.in_(ids)))
    if found != len(ids):
        raise NotFound("location", "/location_ids")


def _locked(caller: Caller, key_id: UUID, expected: int | None) -> ApiKey:
    key = _found(caller, key_id, select_api_keys(caller).with_for_update(key_share=True))
    if expected is not None and key.version != expected:
        raise StaleVersion
    return key


def _found(caller: Caller, key_id: UUID, keys: Select[ApiKey]) -> ApiKey:
    key = caller.session.execute(keys.where(ApiKey.id == key_id)).scalar_one_or_none()
    if key is None:
        raise NotFound("key")
    return key


def _changed(caller: Caller, key: ApiKey, action: str, changes: dict[str, Any]) -> ApiKey:
    key.version += 1
    key.updated_at = func.now()
    caller.session.flush()
    caller.session.refresh(key)
    audit(caller, f"api_key.{action}", "api_key", key.id, changes)
    return key
