"""The shapes that all of the API's objects share."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, ClassVar

from marshmallow import RAISE
from marshmallow import Schema as MarshmallowSchema

from schemas.fields import Choice, Id, Integer, ListOf, Nested, QueryInteger, Text
from schemas.times import Instant

PAGE_LIMIT = 50
PAGE_LIMIT_MAX = 500
BY_CREATION = ("created_at", "-created_at")


class Schema(MarshmallowSchema):
    """An object with exactly these fields: an unknown field is refused, not ignored."""

    derived: ClassVar[Collection[str]] = ()
    """The fields of which an object's version tells nothing: they follow from others or from the time."""

    @classmethod
    def derived_of(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give the derived part of an object as it is answered; nothing while it says nothing."""
        return {name: body[name] for name in cls.derived if body.get(name)}

    class Meta:
        """Refuse unknown fields."""

        unknown = RAISE


class Resource(Schema):
    """The fields that every stored object answers with, and no client can write."""

    id = Id(dump_only=True, required=True)
    version = Integer(
        dump_only=True, required=True, minimum=1, metadata={"description": "The ETag without its quotes."}
    )
    created_at = Instant(dump_only=True, required=True)
    updated_at = Instant(dump_only=True, required=True)


class PageArgs(Schema):
    """The query of a list in an order of its own: the size and the place of a page."""

    limit = QueryInteger(
        load_default=PAGE_LIMIT,
        minimum=1,
        maximum=PAGE_LIMIT_MAX,
        metadata={"description": "How many items a page holds at most."},
    )
    cursor = Text(2000, metadata={"description": "The `next_cursor` of the page before."})


def sorted_by(*orders: str) -> Choice:
    """Make the field that chooses a list's order; the first of the orders is the default."""
    description = "The order of the items; `-` in front turns it round. A cursor holds for one order."
    return Choice(orders, load_default=orders[0], metadata={"description": description})


class QueryArgs(PageArgs):
    """The query of a list of stored objects: its order, and the size and the place of a page."""

    sort = sorted_by(*BY_CREATION)


@cache
def page_of(schema: type[MarshmallowSchema]) -> type[Schema]:
    """Make the schema of a page of these objects: `{"items": [...], "next_cursor": "..."|null}`."""
    members: dict[str, Any] = {
        "items": ListOf(Nested(schema), required=True),
        "next_cursor": Text(2000, required=True, allow_none=True),
    }
    return type(f"{schema_name(schema)}PageSchema", (Schema,), members)


@cache
def patch_of(schema: type[MarshmallowSchema], *fixed: str) -> MarshmallowSchema:
    """Make the schema of a PATCH: every field is optional without a default; `fixed` fields must not change.

    The body may carry the `version` that it changes, in place of If-Match. The act checks whether a fixed
    field stays the same, because only the act knows the object.
    """
    members: dict[str, Any] = {
        "version": Integer(minimum=1, load_only=True, metadata={"description": "The version you change."}),
    }
    patch: type[MarshmallowSchema] = type(f"{schema_name(schema)}PatchSchema", (schema,), members)
    made = patch(partial=True)
    for name in fixed:
        described = [made.fields[name].metadata.get("description"), "Cannot be changed."]
        made.fields[name].metadata = {
            **made.fields[name].metadata,
            "description": " ".join(filter(None, described)),
        }
    return made


def schema_name(schema: type[MarshmallowSchema] | MarshmallowSchema) -> str:
    """Return a schema's name in the OpenAPI document: its class's name without the suffix."""
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__.removesuffix("Schema")
