"""The five operations that each kind of stored object has: list, create, get, update, delete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from uuid import UUID

from api.blueprints import Blueprint, View
from api.etags import expected_version
from api.included_patients import with_patients
from api.paging import page
from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from schemas.base import QueryArgs, Resource, page_of, patch_of


@dataclass(frozen=True, slots=True)
class Offer:
    """What the API offers of one kind of object: its operations, schemas and scopes.

    A kind `within` another lies below it in the path. `public` lets widgets read, all or only the
    `public_fields`, and `token` lets them create with a booking token. `new` is the body of a create where
    it may hold more than the object, `changes` of an update where it takes other fields; `without` names the
    operations that the kind does not have.
    """

    kind: type[Collection]
    schema: type[Resource]
    query: type[QueryArgs]
    _: KW_ONLY
    new: type[Resource] | None = None
    changes: type[Resource] | None = None
    area: str = "catalog"
    within: type[Collection] | None = None
    without: frozenset[str] = frozenset()
    public: bool = False
    token: bool = False
    public_fields: frozenset[str] | None = None

    @property
    def noun(self) -> str:
        """The kind's name as a sentence has it."""
        return self.kind.name.replace("_", " ")


def serve(blp: Blueprint, offer: Offer, plural: str | None = None) -> None:
    """Add the operations to the blueprint, all five but for those that the offer is `without`.

    The `plural` of the noun is needed where it does not end in a simple `s`.
    """
    one = f"/<uuid:{_id_of(offer.kind)}>"
    for name, rule, method, view in (
        ("list", "", "GET", _list(blp, offer, plural or f"{offer.noun}s")),
        ("create", "", "POST", _create(blp, offer)),
        ("get", one, "GET", _get(blp, offer)),
        ("update", one, "PATCH", _update(blp, offer)),
        ("delete", one, "DELETE", _delete(blp, offer)),
    ):
        if name not in offer.without:
            blp.route(rule, methods=[method])(view)


def _list(blp: Blueprint, offer: Offer, plural: str) -> View:
    @blp.needs(f"{offer.area}:read", public=offer.public, public_fields=offer.public_fields)
    @blp.arguments(offer.query, location="query")
    @blp.response(200, page_of(offer.schema))
    @_called(f"list_{plural.replace(' ', '_')}", f"List the {plural}, by default oldest first.")
    def view(caller: Caller, query: Values, **path: UUID) -> Values:
        _require_parent(caller, offer, path)
        collection = offer.kind(caller)
        found = page(caller.session, collection.search(query | path), collection.model, query)
        items: Sequence[Values] = collection.represent(found["items"])
        if "include" in query:
            items = with_patients(caller, query, items)
        return found | {"items": [_visible(caller, offer, item) for item in items]}

    return view


def _create(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:write", token=offer.token)
    @blp.arguments(offer.new or offer.schema)
    @blp.response(201, offer.schema)
    @_called(f"create_{offer.kind.name}", f"Create a {offer.noun}.")
    def view(caller: Caller, body: Values, **path: UUID) -> Values:
        _require_parent(caller, offer, path)
        return offer.kind(caller).create(body | path)

    return view


def _get(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:read", public=offer.public, public_fields=offer.public_fields)
    @blp.response(200, offer.schema)
    @_called(f"get_{offer.kind.name}", f"Get a {offer.noun}.")
    def view(caller: Caller, **path: UUID) -> Values:
        _require_parent(caller, offer, path)
        found = offer.kind(caller).get(path.pop(_id_of(offer.kind)), path)
        return _visible(caller, offer, found)

    return view


def _update(blp: Blueprint, offer: Offer) -> View:
    @blp.needs(f"{offer.area}:write")
    @blp.arguments(patch_of(offer.changes or offer.schema, *offer.kind.fixed))
    @blp.response(200, offer.schema)
    @_called(f"update_{offer.kind.name}", f"Change the given fields of a {offer.noun}, lists whole.")
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


def _require_parent(caller: Caller, offer: Offer, path: Mapping[str, UUID]) -> None:
    if offer.within is not None:
        offer.within(caller).require(path[_id_of(offer.within)])


def _visible(caller: Caller, offer: Offer, values: Values) -> Values:
    """Leave out what a widget may not see of an object."""
    if not caller.publishable or offer.public_fields is None:
        return values
    return {name: value for name, value in values.items() if name in offer.public_fields}
