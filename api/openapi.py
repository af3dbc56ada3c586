"""The OpenAPI 3.1 document, in a stable order."""

from typing import Any

import flask_smorest
import orjson
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask, Response
from marshmallow.fields import Field

from api.documentation import REQUEST_HEADERS, SECURITY
from schemas.base import schema_name
from schemas.fields import QuerySet
from schemas.problems import ProblemSchema
from version import VERSION

TITLE = "Clinic scheduling"


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
    api = Api(app, spec_kwargs={"marshmallow_plugin": plugin})
    api.spec.components.security_scheme("bearer", SECURITY["bearer"])
    for name, header in REQUEST_HEADERS.items():
        api.spec.components.parameter(name, "header", header)
    return api


def serve_openapi(app: Flask, api: Api) -> None:
    """Serve the finished document at /openapi.json."""
    content = orjson.dumps(document(api))

    def openapi() -> Response:
        return Response(content, content_type="application/json")

    app.add_url_rule("/openapi.json", view_func=openapi)


def document(api: Api) -> dict[str, Any]:
    """Give the document; a PATCH changes only the fields that it names, so its fields have no defaults."""
    spec: dict[str, Any] = orjson.loads(orjson.dumps(api.spec.to_dict(), option=orjson.OPT_NON_STR_KEYS))
    spec["paths"] = dict(sorted(spec["paths"].items()))
    schemas = spec.get("components", {}).get("schemas", {})
    for name, schema in schemas.items():
        if name.endswith("Patch"):
            for field in schema.get("properties", {}).values():
                field.pop("default", None)
    spec.setdefault("components", {})["schemas"] = dict(sorted(schemas.items()))
    return spec
