"""A small resource of the tests' own, to test the HTTP layer apart from clinics."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from api.app import create_app
from api.blueprints import Blueprint
from api.etags import expected_version
from booking.core.caller import Caller
from config import Settings
from models.database import Database
from schemas.base import QueryArgs, Resource, Schema, patch_of
from schemas.fields import Code, Id, Integer, ListOf, Minutes, Nested, QueryCodes, Text
from schemas.times import Instant

TOY_ID = UUID("018f3f3e-0000-7000-8000-00000000000a")


class PartSchema(Schema):
    """A part of a toy."""

    minutes = Minutes(required=True)


class ToySchema(Resource):
    """A toy."""

    id = Id(dump_only=True)
    created_at = Instant(dump_only=True)
    updated_at = Instant(dump_only=True)
    name = Text(20, required=True)
    size = Integer(load_default=1)
    code = Code()
    parts = ListOf(Nested(PartSchema), load_default=list)


class ToyQuery(QueryArgs):
    """The query of the list of toys."""

    areas = QueryCodes()


class SeenSchema(Schema):
    """The data about its caller that the view got."""

    now = Instant()
    actor = Text(100)
    request_id = Text(64)


def toy_app(settings: Settings, database: Database, act: Callable[[Caller], Any]) -> Flask:
    """Make an application whose only resource is a toy; `act` is what POST /v1/toys/act and /play do."""
    blp = Blueprint("toys", "toys", url_prefix="/v1/toys", description="Toys.")

    @blp.route("", methods=["GET"])
    @blp.needs("catalog:read", public=True)
    @blp.arguments(ToyQuery, location="query")
    @blp.response(200, ToyQuery)
    def list_toys(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - the house passes it
        """List the toys."""
        return query

    @blp.route("", methods=["POST"])
    @blp.needs("catalog:write")
    @blp.arguments(ToySchema)
    @blp.response(201, ToySchema)
    def create_toy(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - the house passes it
        """Create a toy."""
        return {**body, "id": TOY_ID, "version": 1}

    @blp.route("/<uuid:toy_id>", methods=["GET"])
    @blp.needs("catalog:read", public=True)
    @blp.response(200, ToySchema)
    def get_toy(caller: Caller, toy_id: UUID) -> dict[str, Any]:  # noqa: ARG001 - the house passes it
        """Get a toy."""
        return {"id": toy_id, "version": 7, "name": "ball"}

    @blp.route("/<uuid:toy_id>", methods=["PATCH"])
    @blp.needs("catalog:write", fails=(428,))
    @blp.arguments(patch_of(ToySchema, "code"))
    @blp.response(200, ToySchema)
    def update_toy(caller: Caller, body: dict[str, Any], toy_id: UUID) -> dict[str, Any]:  # noqa: ARG001 - the house passes it
        """Change a toy."""
        expected = expected_version(body, required=True)
        return {**body, "id": toy_id, "version": 7 if expected is None else expected + 1}

    @blp.route("/act", methods=["POST", "DELETE"])
    @blp.needs("catalog:write")
    @blp.response(200, SeenSchema)
    def act_on_toy(caller: Caller) -> Any:
        """Do the test's act."""
        return act(caller)

    @blp.route("/play", methods=["POST"])
    @blp.needs("catalog:read", public=True)
    @blp.response(200, SeenSchema)
    def play_with_toy(caller: Caller) -> Any:
        """Do the test's act, for a widget too."""
        return act(caller)

    return create_app(settings, database, [blp])


def seen(caller: Caller) -> dict[str, Any]:
    """Answer with the caller's data."""
    return {"now": caller.now, "actor": caller.actor, "request_id": caller.request_id}


def fail_with(sqlstate: str, constraint: str = "") -> Callable[[Caller], None]:
    """Make PostgreSQL itself raise the error of this SQLSTATE, with a secret in its message."""

    def act(caller: Caller) -> None:
        raised = f"RAISE EXCEPTION 'Ada Lovelace' USING ERRCODE = '{sqlstate}', CONSTRAINT = '{constraint}'"
        caller.session.execute(text(f"DO $$ BEGIN {raised}; END $$"))

    return act
