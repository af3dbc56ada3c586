"""Creates and revokes app passwords of calendar programs; only a password's SHA-256 is stored."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select

from booking.catalogue.therapists import Therapists
from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from booking.core.tokens import fresh_secret
from models.app_passwords import AppPassword


class AppPasswords(Collection):
    """App passwords of therapists."""

    name = "app_password"
    model = AppPassword
    locks = "id"
    private = True


def create_app_password(caller: Caller, values: Values) -> Values:
    """Create an app password for a therapist's calendars; `password` itself is in this result alone.

    `values`: therapist_id, name. NotFound for an unknown therapist; OtherLocations for a key of some
    locations, because a therapist's calendar shows all locations.
    """
    _refuse_limited(caller)
    Therapists(caller).require(values["therapist_id"], "/therapist_id")
    secret = fresh_secret()
    stored = {"password_hash": secret.digest, "password_hint": secret.hint}
    return AppPasswords(caller).create({**values, **stored}) | {"password": secret.text}


def select_app_passwords(caller: Caller, therapist_id: UUID | None = None) -> Select[Any]:
    """Select the app passwords of the clinic, or of a therapist."""
    _refuse_limited(caller)
    return AppPasswords(caller).select({} if therapist_id is None else {"therapist_id": therapist_id})


def get_app_password(caller: Caller, password_id: UUID) -> Values:
    """Get an app password; NotFound when the clinic has none with this id."""
    _refuse_limited(caller)
    return AppPasswords(caller).get(password_id)


def delete_app_password(caller: Caller, password_id: UUID, expected: int | None) -> None:
    """Revoke an app password: the program is shut out when this commits. StaleVersion."""
    _refuse_limited(caller)
    AppPasswords(caller).remove(password_id, expected)


def _refuse_limited(caller: Caller) -> None:
    caller.require_every_location(
        "A key of some locations cannot give access to a therapist's whole calendar."
    )
