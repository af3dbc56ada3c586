"""One JSON line per request on stderr, and one per failure: never a query, a name or a value."""

import sys
import time
import traceback
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, has_app_context, request
from sqlalchemy.exc import DBAPIError
from structlog.typing import FilteringBoundLogger

_FRAMES = 8


def _dumps(event: dict[str, Any], **_options: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _logger() -> FilteringBoundLogger:
    """Make the logger anew for each line, because stderr may have been replaced."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return logger


def log_failure(error: BaseException) -> None:
    """Log where an unforeseen error arose, without its message, which may repeat a patient's data."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    _logger().error(
        "failure",
        request_id=g.get("request_id") if has_app_context() else None,
        error=type(error).__qualname__,
        sqlstate=getattr(cause, "sqlstate", None),
        constraint=getattr(getattr(cause, "diag", None), "constraint_name", None),
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )


def log_request(response: Response) -> Response:
    """Log one answered request by its route's pattern."""
    started = g.get("started", time.perf_counter())
    _logger().info(
        "request",
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - started) * 1000, 2),
        request_id=g.get("request_id"),
        clinic_id=g.get("clinic_id"),
    )
    return response


def register_logs(app: Flask) -> None:
    """Log every request of the application."""
    app.after_request(log_request)
