"""Pages for people: the reference by Swagger UI, offline, and the meaning of each problem's code."""

from html import escape
from importlib.resources import files

from flask import Blueprint, Response, send_from_directory

from api.openapi import TITLE
from api.problems import PROBLEMS

docs = Blueprint("docs", "docs")
_DIST = str(files("flask_swagger_ui") / "dist")
_SEARCH = files("api") / "docs_search.js"
_ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "index.css", "favicon-32x32.png"})
# By this policy the browser itself refuses every request to another host.
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/index.css">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
{body}
</body>
</html>
"""
_REFERENCE = """<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/search.js"></script>
<script src="/docs/start.js"></script>"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  plugins: [searchPlugin],
  validatorUrl: null,
});
"""


def _page(title: str, body: str) -> Response:
    response = Response(_PAGE.format(title=escape(title), body=body), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@docs.route("/docs")
def reference() -> Response:
    """Serve the reference of the API."""
    return _page(TITLE, _REFERENCE)


@docs.route("/docs/start.js")
def start() -> Response:
    """Serve the script that starts Swagger UI; the page's policy allows no inline one."""
    return Response(_START, content_type="text/javascript; charset=utf-8")


@docs.route("/docs/search.js")
def search() -> Response:
    """Serve the script that lets the reference be searched."""
    return Response(_SEARCH.read_text(), content_type="text/javascript; charset=utf-8")


@docs.route(f"/docs/<any({', '.join(map(repr, sorted(_ASSETS)))}):name>")
def asset(name: str) -> Response:
    """Serve one file of Swagger UI."""
    return send_from_directory(_DIST, name)


@docs.route("/problems")
def problems() -> Response:
    """Serve the table of problems, to which each problem's `type` points."""
    rows = (
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{escape(title)}</td></tr>'
        for code, (status, title) in PROBLEMS.items()
    )
    table = f"<table><tr><th>code</th><th>status</th><th>meaning</th></tr>{''.join(rows)}</table>"
    return _page(f"Problems · {TITLE}", f"<h1>Problems</h1>{table}")
