"""API keys: made, changed, rotated and revoked; only a key's SHA-256 is ever stored."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select

from booking.core.caller import Caller
from booking.core.crud import refuse_changes
from booking.core.errors import Invalid, NotFound, StaleVersion, WrongStatus
from booking.core.events import audit
from booking.core.tokens import fresh_secret
from models.api_keys import ApiKey
from models.locations import Location

PREFIX: Final = "ck_"
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
    secret = fresh_secret(PREFIX)
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
    if key.expires_at is not None and key.expires_at <= caller.real_now:
        raise Invalid("/expires_at", "Must lie ahead: the key could never be used.")
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


def get_api_key(caller: Caller, key_id: UUID) -> ApiKey:
    """Get a key; NotFound when the clinic has none of this id, or the caller may not see it."""
    return _found(caller, key_id, select_api_keys(caller))


def update_api_key(caller: Caller, key_id: UUID, values: Mapping[str, Any], expected: int | None) -> ApiKey:
    """Change name, scopes, origins, locations or expiry, never the kind.

    StaleVersion when the key has another version; Invalid and NotFound as for a new key.
    """
    key = _locked(caller, key_id, expected)
    before = {name: getattr(key, name) for name in values}
    refuse_changes(before, values, FIXED)
    for name, value in values.items():
        setattr(key, name, value)
    _check(key)
    if "location_ids" in values:
        _check_locations(caller, key.location_ids)
    return _changed(caller, key, "changed", {"before": before, "after": dict(values)})


def rotate_api_key(caller: Caller, key_id: UUID, expected: int | None = None) -> tuple[ApiKey, str]:
    """Give the key a new text; the old text ends when this commits. WrongStatus once the key is revoked."""
    key = _locked(caller, key_id, expected)
    if key.revoked_at is not None:
        raise WrongStatus(("active",), "The key is revoked.")
    secret = fresh_secret(PREFIX)
    key.key_hash = secret.digest
    key.key_hint = secret.hint
    return _changed(caller, key, "rotated", {}), secret.text


def revoke_api_key(caller: Caller, key_id: UUID, at: datetime, expected: int | None = None) -> ApiKey:
    """End the key for good, `at` by the real clock; revoking it again changes nothing."""
    key = _locked(caller, key_id, expected)
    if key.revoked_at is not None:
        return key
    key.revoked_at = at
    return _changed(caller, key, "revoked", {})


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
