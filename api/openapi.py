"""The OpenAPI 3.1 document, in a stable order."""

from datetime import date
from functools import lru_cache
from typing import Any, Final

import flask_smorest
import orjson
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask, Response
from marshmallow.fields import Field

from api.directions import split_by_direction
from api.documentation import REQUEST_HEADERS, SECURITY, describe_problems
from api.examples.rendering import with_examples
from api.problems import PROBLEMS
from api.requests import clinical_now
from api.state import address, state
from api.vocabulary import add_code_schemas
from api.webhook_documents import add_webhooks, webhooks
from schemas.base import schema_name
from schemas.fields import QuerySet
from schemas.problems import ProblemSchema
from version import VERSION

TITLE = "Clinic scheduling"
DESCRIPTION = """Scheduling for micro-needling clinics: visits in phases, and the days between sessions.

Requests below `/v1` carry a key, `Authorization: Bearer ...`. Examples name objects of the demo clinic.
Errors are problems (RFC 9457) with a stable `code`. Fields and codes are added to answers, never renamed."""
# A server has few names; a client that makes up others must not fill the memory.
_MOST_ADDRESSES: Final = 8


class Converter(OpenAPIConverter):
    """apispec's converter, with lists in a query as one parameter whose items commas separate."""

    def list2param(self, field: Field[Any], **kwargs: object) -> dict[str, Any]:
        """Document how a list is written in a query."""
        written: dict[str, Any] = super().list2param(field, **kwargs)
        return written | {"explode": False} if isinstance(field, QuerySet) else written


class Plugin(MarshmallowPlugin):
    """apispec's plugin with our converter."""

    Converter = Converter


class Api(flask_smorest.Api):
    """flask-smorest with our errors, which api/problems.py renders."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave every error to our own handlers."""

    def _register_etag_headers(self) -> None:
        """Leave entity tags to api/documentation.py."""

    def _register_pagination_header(self) -> None:
        """Leave pages to api/documentation.py."""

    def _register_responses(self) -> None:
        """Document errors as problems."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE


def make_api(app: Flask) -> Api:
    """Make the smorest extension of the application."""
    app.config["API_TITLE"] = TITLE
    app.config["API_VERSION"] = VERSION
    app.config["OPENAPI_VERSION"] = "3.1.0"
    plugin = Plugin(schema_name_resolver=schema_name)
    info = {"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    api = Api(app, spec_kwargs={"marshmallow_plugin": plugin, "info": info})
    for name, scheme in SECURITY.items():
        api.spec.components.security_scheme(name, scheme)
    for name, header in REQUEST_HEADERS.items():
        api.spec.components.parameter(name, "header", header)
    add_webhooks(api.spec)
    return api


def serve_openapi(app: Flask, api: Api) -> None:
    """Serve the finished document at /openapi.json, with the address under which it was asked for.

    The dates of its examples lie some weeks after the day.
    """
    spec = document(api)

    @lru_cache(maxsize=_MOST_ADDRESSES)
    def content(base: str, today: date) -> bytes:
        paths = with_examples(spec["paths"], base, today)
        return orjson.dumps({**spec, "servers": [{"url": base}], "paths": paths})

    def openapi() -> Response:
        today = clinical_now(sandbox=state().settings.sandbox).date()
        return Response(content(address(), today), content_type="application/json")

    app.add_url_rule("/openapi.json", view_func=openapi)


def document(api: Api) -> dict[str, Any]:
    """Give the document; a PATCH changes only the fields that it names, so its fields have no defaults."""
    spec: dict[str, Any] = orjson.loads(orjson.dumps(api.spec.to_dict(), option=orjson.OPT_NON_STR_KEYS))
    spec["paths"] = dict(sorted(spec["paths"].items()))
    spec["webhooks"] = webhooks()
    schemas = spec["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Patch"):
            for field in schema.get("properties", {}).values():
                field.pop("default", None)
    schemas["Problem"]["properties"]["code"]["enum"] = list(PROBLEMS)
    describe_problems(spec["components"]["responses"], PROBLEMS)
    split_by_direction(spec)
    add_code_schemas(spec)
    return spec
