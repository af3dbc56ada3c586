"""The five operations that a resource of the catalogue has: list, create, get, change, delete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from api.blueprints import Blueprint, View
from api.etags import expected_version
from api.paging import page
from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from schemas.base import QueryArgs, Resource, page_of, patch_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the API says of one kind: its nouns, schemas and scopes.

    A kind `within` another lies below it in the path. `public` lets widgets read, all or only the
    `public_fields`. `new` is the body of a create where it may hold more than the object, `changes` of
    a change where it takes other fields; `without` names the operations that the kind does not have.
    """

    kind: type[Collection]
    noun: str
    plural: str
    schema: type[Resource]
    new: type[Resource] | None = None
    query: type[QueryArgs]
    area: str = "catalog"
    changes: type[Resource] | None = None
    without: frozenset[str] = frozenset()
    within: type[Collection] | None = None
    public: bool = False
    public_fields: frozenset[str] | None = None


def serve(blp: Blueprint, offer: Offer) -> None:
    """Add the operations to the blueprint, all five but for what the offer is `without`."""
    one = f"/<uuid:{_id_of(offer.kind)}>"
    for name, rule, method, view in (
        ("list", "", "GET", _list),
        ("create", "", "POST", _create),
        ("get", one, "GET", _get),
        ("change", one, "PATCH", _change),
        ("delete", one, "DELETE", _delete),
    ):
        if name not in offer.without:
            blp.route(rule, methods=[method])(view(blp, offer))


def _list(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:read", public=offer.public)
    @blp.arguments(offer.query, location="query")
    @blp.response(200, page_of(offer.schema))
    @_called(f"list_{_many(offer)}", f"List the {offer.plural}, oldest first.")
    def view(caller: Caller, query: Values, **path: UUID) -> Values:
        _require_parent(caller, offer, path)
        collection = offer.kind(caller)
        found = page(caller.session, collection.search(query | path), collection.model, query)
        items = collection.represent(found["items"])
        return found | {"items": [_visible(caller, offer, item) for item in items]}

    return view


def _create(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:write")
    @blp.arguments(offer.new or offer.schema)
    @blp.response(201, offer.schema)
    @_called(f"create_{offer.kind.name}", f"Create a {offer.noun}.")
    def view(caller: Caller, body: Values, **path: UUID) -> Values:
        _require_parent(caller, offer, path)
        return offer.kind(caller).create(body | path)

    return view


def _get(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:read", public=offer.public)
    @blp.response(200, offer.schema)
    @_called(f"get_{offer.kind.name}", f"Get a {offer.noun}.")
    def view(caller: Caller, **path: UUID) -> Values:
        _require_parent(caller, offer, path)
        found = offer.kind(caller).get(path.pop(_id_of(offer.kind)), path)
        return _visible(caller, offer, found)

    return view


def _change(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:write")
    @blp.arguments(patch_of(offer.changes or offer.schema, *offer.kind.fixed))
    @blp.response(200, offer.schema)
    @_called(f"change_{offer.kind.name}", f"Change the given fields of a {offer.noun}, lists whole.")
    def view(caller: Caller, body: Values, **path: UUID) -> Values:
        expected = expected_version(body)
        _require_parent(caller, offer, path)
        id_ = path.pop(_id_of(offer.kind))
        return offer.kind(caller).change(id_, body, expected, path)

    return view


def _delete(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:write")
    @blp.response(204)
    @_called(f"delete_{offer.kind.name}", f"Delete a {offer.noun} that nothing uses.")
    def view(caller: Caller, **path: UUID) -> None:
        _require_parent(caller, offer, path)
        offer.kind(caller).remove(path.pop(_id_of(offer.kind)), expected_version(), path)

    return view


def _called(name: str, summary: str) -> Callable[[View], View]:
    """Name a view before anything documents it: its name is the operation's id, its docstring the summary."""

    def decorator(view: View) -> View:
        view.__name__, view.__doc__ = name, summary
        return view

    return decorator


def _id_of(kind: type[Collection]) -> str:
    return f"{kind.name}_id"


def _many(offer: Offer) -> str:
    return offer.plural.replace(" ", "_")


def _require_parent(caller: Caller, offer: Offer, path: Mapping[str, UUID]) -> None:
    if offer.within is not None:
        offer.within(caller).require(path[_id_of(offer.within)])


def _visible(caller: Caller, offer: Offer, values: Values) -> Values:
    """Leave a widget what is public of an object."""
    if not caller.publishable or offer.public_fields is None:
        return values
    return {name: value for name, value in values.items() if name in offer.public_fields}
