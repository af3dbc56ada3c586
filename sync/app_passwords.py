"""Makes and withdraws app passwords; only a password's SHA-256 is ever stored."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from booking.callers import Caller
from booking.errors import MissingScope, NotFound, StaleVersion
from booking.events import audit
from booking.resources import require
from booking.therapists import THERAPIST
from models.app_passwords import AppPassword

SECRET_BYTES: Final = 20
HINT_LENGTH: Final = 4


def digest(password: str) -> bytes:
    """Give what is stored of a password: it is random enough to need no slow hash."""
    return hashlib.sha256(password.encode()).digest()


def create_app_password(caller: Caller, values: Mapping[str, Any]) -> tuple[AppPassword, str]:
    """Make a password for a therapist's calendars and give it with its text, which is shown this once.

    `values`: therapist_id, name. NotFound for a therapist; MissingScope for a key of some locations, for a
    therapist's calendar shows all.
    """
    _refuse_limited(caller)
    require(caller, THERAPIST, values["therapist_id"], "/therapist_id")
    text = secrets.token_urlsafe(SECRET_BYTES)
    made = AppPassword(
        clinic_id=caller.clinic_id,
        therapist_id=values["therapist_id"],
        name=values["name"],
        password_hash=digest(text),
        password_hint=text[-HINT_LENGTH:],
    )
    caller.session.add(made)
    caller.session.flush()
    caller.session.refresh(made)
    audit(caller, "app_password.created", "app_password", made.id, {"therapist_id": made.therapist_id})
    return made, text


def select_app_passwords(caller: Caller, therapist_id: UUID | None = None) -> Select[AppPassword]:
    """Select the clinic's app passwords, or one therapist's."""
    _refuse_limited(caller)
    own = select(AppPassword).where(AppPassword.clinic_id == caller.clinic_id)
    return own if therapist_id is None else own.where(AppPassword.therapist_id == therapist_id)


def get_app_password(caller: Caller, password_id: UUID) -> AppPassword:
    """Get one; NotFound when the clinic has none of this id."""
    return _found(caller, select_app_passwords(caller), password_id)


def delete_app_password(caller: Caller, password_id: UUID, expected: int | None = None) -> None:
    """Withdraw a password: the program is shut out when this commits. StaleVersion."""
    found = _found(caller, select_app_passwords(caller).with_for_update(), password_id)
    if expected is not None and found.version != expected:
        raise StaleVersion
    caller.session.delete(found)
    caller.session.flush()
    audit(caller, "app_password.deleted", "app_password", found.id, {"therapist_id": found.therapist_id})


def _refuse_limited(caller: Caller) -> None:
    if caller.location_ids is not None:
        raise MissingScope("A key of some locations cannot give access to a therapist's whole calendar.")


def _found(caller: Caller, passwords: Select[AppPassword], password_id: UUID) -> AppPassword:
    found = caller.session.execute(passwords.where(AppPassword.id == password_id)).scalar_one_or_none()
    if found is None:
        raise NotFound("app password")
    return found
