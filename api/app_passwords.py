"""App passwords over HTTP: `/v1/app-passwords`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.api_keys import SHOWN_ONCE
from api.blueprints import Blueprint
from api.dav import PREFIX
from api.etags import expected_version
from api.paging import page
from api.state import address
from booking.core.caller import Caller
from booking.core.crud import Values
from models.app_passwords import AppPassword
from schemas.app_passwords import AppPasswordQuery, AppPasswordSchema, NewAppPasswordSchema
from schemas.base import page_of
from sync.caldav import app_passwords as passwords

blp = Blueprint(
    "app-passwords",
    "app-passwords",
    url_prefix="/v1/app-passwords",
    description="Passwords by which calendar programs read and write a therapist's calendars over CalDAV.",
)


@blp.route("", methods=["GET"])
@blp.needs("feeds:manage")
@blp.arguments(AppPasswordQuery, location="query")
@blp.response(200, page_of(AppPasswordSchema))
def list_app_passwords(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """List the app passwords, by default oldest first."""
    chosen = passwords.select_app_passwords(caller, query.get("therapist_id"))
    return page(caller.session, chosen, AppPassword, query)


@blp.route("", methods=["POST"])
@blp.needs("feeds:manage")
@blp.arguments(AppPasswordSchema)
@blp.response(201, NewAppPasswordSchema)
def create_app_password(caller: Caller, body: dict[str, Any]) -> tuple[Values, Mapping[str, str]]:
    """Create an app password; `password` is shown this once."""
    made = passwords.create_app_password(caller, body)
    login = {"url": f"{address()}{PREFIX}", "username": str(made["therapist_id"])}
    return made | login, SHOWN_ONCE


@blp.route("/<uuid:password_id>", methods=["GET"])
@blp.needs("feeds:manage")
@blp.response(200, AppPasswordSchema)
def get_app_password(caller: Caller, password_id: UUID) -> Values:
    """Get an app password."""
    return passwords.get_app_password(caller, password_id)


@blp.route("/<uuid:password_id>", methods=["DELETE"])
@blp.needs("feeds:manage")
@blp.response(204)
def delete_app_password(caller: Caller, password_id: UUID) -> None:
    """Delete an app password; the program that uses it loses access at once."""
    passwords.delete_app_password(caller, password_id, expected_version())
