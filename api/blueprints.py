"""Our own blueprint: authentication, the transaction, headers and documentation of every operation."""

# ruff: noqa: ANN401 - views take and give whatever their schemas say.

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from typing import Any, cast

import flask_smorest
from flask import g, request
from flask_smorest.utils import unpack_tuple_response
from marshmallow import Schema
from sqlalchemy.orm import Session

from api.access import Access
from api.admission import admitted
from api.auth import authenticated, authorise
from api.documentation import problems_of, security_of, success_headers
from api.etags import Version, etag, expected_version, unless_unchanged, with_derived
from api.idempotency import once, patiently
from api.outside_calls import calling_outside
from api.paging import next_link
from api.reads import note_reads
from api.requests import Parser, receive, refuse_unread
from api.state import state
from api.transactions import run
from booking.core.caller import Caller
from schemas.base import Schema as OwnSchema

CREATED = 201
View = Callable[..., Any]
Decorator = Callable[[View], View]
Look = Callable[[], Any]


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose operations read as their own documentation.

    The decorators, outermost first: `route`, `needs`, `arguments`, `response`; or `action` alone.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self._prepare_doc_cbks.append(problems_of)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: View | None = None, **options: Any
    ) -> None:
        """Register the route; the view's name is its operation's id."""
        docs: dict[str, Any] = getattr(view_func, "_apidoc", {})
        docs.setdefault("manual_doc", {}).setdefault("operationId", getattr(view_func, "__name__", endpoint))
        path = f"{self.url_prefix or ''}{rule}"
        docs["has_path_ids"], docs["has_patient_id"] = "<" in path, "patient_id>" in path
        super().add_url_rule(rule, endpoint, view_func, **options)

    def needs(
        self,
        scope: str | None,
        *,
        public: bool = False,
        token: bool = False,
        link: str | None = None,
        public_fields: Iterable[str] | None = None,
        fails: tuple[int, ...] = (),
        looks: Callable[[Look], Any] | None = None,
        searches: bool = False,
    ) -> Decorator:
        """Ask for a key with the scope (None: any key), and run the view in the request's one transaction.

        The view gets the Caller first. `public` lets publishable keys in, `token` those with a booking token,
        and `link` the links to a visit that name it; `public_fields` documents that these see them alone.
        `fails` documents statuses beyond those that follow from the operation's kind.
        A view that only reads may run several times: `looks` gets a function that runs it in a transaction of
        one snapshot. A view that `searches` waits for a seat before it gets a connection to the database.
        """

        def decorator(view: View) -> View:
            docs = dict(getattr(view, "_apidoc", {}))
            parameters = docs.get("arguments", {}).get("parameters", ())
            schemas = [one["schema"] for one in parameters]
            access = Access(scope, public, token, link)
            docs |= security_of(access, schemas, public_fields=public_fields, fails=fails)
            reads = frozenset(one["in"] for one in parameters)

            @wraps(view)
            def wrapper(**path: object) -> Any:
                def work(session: Session) -> Any:
                    caller = authenticated(session, sandbox=state().settings.sandbox)
                    authorise(caller, access)
                    refuse_unread(reads)
                    return once(caller, lambda: view(caller, **path))

                receive()
                with admitted(searches=searches, authenticate=introduce):
                    if looks is not None:
                        answer = looks(lambda: run(state().database, work, one_snapshot=True))
                    else:
                        answer = calling_outside(lambda: patiently(lambda: run(state().database, work)))
                note_reads(answer, path)
                return answer

            wrapper._apidoc = docs  # type: ignore[attr-defined]  # noqa: SLF001 - where smorest keeps its documents
            return wrapper

        return decorator

    def arguments(
        self, schema: type[Schema] | Schema, *, location: str = "json", **options: Any
    ) -> Decorator:
        """Read the body (or with `location="query"` the query) by the schema, made once.

        A body whose fields are all optional may be left out.
        """
        instance = schema() if isinstance(schema, type) else schema
        required = not instance.partial and any(field.required for field in instance.load_fields.values())
        decorator: Decorator = super().arguments(instance, location=location, required=required, **options)
        return decorator

    def response(
        self,
        status_code: int,
        schema: type[Schema] | Schema | None = None,
        *,
        own: Collection[str] | None = None,
        **options: Any,
    ) -> Decorator:
        """Answer by the schema, with ETag, Location and Link where they apply; 304 when the client has it.

        Widgets and links get the fields `own` alone where they are given, of a page those of its items.
        """
        headers = success_headers(status_code, schema) | options.pop("headers", {})
        dumping = super().response(status_code, schema, headers=headers, **options)
        shape = schema if isinstance(schema, type) and issubclass(schema, OwnSchema) else OwnSchema
        dumping_own = dumping
        if own is not None:
            dumping_own = super().response(status_code, _only(cast(type[Schema], schema), own))

        def decorator(view: View) -> View:
            @wraps(view)
            def with_headers(*args: object, **kwargs: object) -> Any:
                result, status, given = unpack_tuple_response(view(*args, **kwargs))
                return result, status, {**object_headers(result, status_code), **(given or {})}

            dumped, dumped_own = dumping(with_headers), dumping_own(with_headers)

            @wraps(dumped)
            def wrapper(*args: object, **kwargs: object) -> Any:
                answering = dumped_own if g.get("publishable") else dumped
                return unless_unchanged(with_derived(answering(*args, **kwargs), shape))

            return wrapper

        return decorator

    def action(
        self,
        rule: str,
        scope: str,
        gives: type[Schema],
        *,
        takes: type[Schema] | None = None,
        status: int = 200,
        version: Version = Version.UNASKED,
        public: bool = False,
        token: bool = False,
        link: str | None = None,
        own: Collection[str] | None = None,
        fails: tuple[int, ...] = (),
        searches: bool = False,
    ) -> Decorator:
        """Register a POST view by its scope, the body that it `takes` and the answer that it `gives`.

        The view gets the Caller first, then the body if that holds more than a version, and by name the ids
        of the path and the `expected` version unless it is unasked. The rest is as for `needs` and
        `response`.
        """

        def decorator(view: View) -> View:
            acting = self.response(status, gives, own=own)(_expecting(view, version, takes))
            reading = acting if takes is None else self.arguments(takes)(acting)
            needing = self.needs(
                scope,
                public=public,
                token=token,
                link=link,
                public_fields=own,
                fails=(*version.value, *fails),
                searches=searches,
            )(reading)
            routed: View = self.route(rule, methods=["POST"])(needing)
            return routed

        return decorator


def _only(schema: type[Schema], names: Collection[str]) -> Schema:
    """Give the schema with these fields alone, of a page with these of its items."""
    if "items" not in schema().fields:
        return schema(only=tuple(names))
    return schema(only=("next_cursor", *(f"items.{name}" for name in names)))


def introduce() -> None:
    """Authenticate the request in a transaction of its own, so that its key is known."""
    run(state().database, lambda session: authenticated(session, sandbox=state().settings.sandbox))


def _expecting(view: View, version: Version, takes: type[Schema] | None) -> View:
    """Take the version out of the request, and leave out a body that holds nothing else."""
    if version is Version.UNASKED:
        return view
    takes_more = takes is not None and takes().fields.keys() != {"version"}

    @wraps(view)
    def wrapper(caller: Caller, *bodies: dict[str, Any], **path: object) -> Any:
        expected = expected_version(*bodies, required=version is Version.REQUIRED)
        return view(caller, *(bodies if takes_more else ()), expected=expected, **path)

    return wrapper


def object_headers(result: object, status_code: int) -> dict[str, str]:
    """Give the headers that follow from the object: ETag, Location, and Link to the next page."""
    headers = {}
    version, id_, cursor = (_member(result, name) for name in ("version", "id", "next_cursor"))
    if _member(result, "has_more") is False:
        cursor = None  # It leads to changes that are still to come, not to another page.
    if isinstance(version, int):
        headers["ETag"] = etag(version)
    if status_code == CREATED and id_ is not None:
        headers["Location"] = f"{request.path}/{id_}"
    if isinstance(cursor, str):
        headers["Link"] = next_link(cursor)
    return headers


def _member(result: object, name: str) -> Any:
    return result.get(name) if isinstance(result, Mapping) else getattr(result, name, None)
