"""Health checks: whether the process lives, and whether it can serve."""

from typing import Final

from sqlalchemy import text

from api.blueprints import Blueprint
from api.problems import RETRY_AFTER_SECONDS, Problem
from api.state import state
from migrations.runner import migrated
from models.database import Database
from schemas.base import Schema
from schemas.fields import Choice

blp = Blueprint("health", "health", description="Whether the service lives and is ready; no key needed.")

_QUEUE: Final = text("SELECT has_table_privilege(to_regclass('queue.procrastinate_jobs'), 'INSERT')")


class HealthSchema(Schema):
    """The answer of a healthy service."""

    status = Choice(["ok"], required=True)


@blp.route("/healthz")
@blp.response(200, HealthSchema)
def get_health() -> dict[str, str]:
    """Answer that the process lives."""
    return {"status": "ok"}


@blp.route("/readyz")
@blp.response(200, HealthSchema)
@blp.alt_response(503, "SERVICE_UNAVAILABLE")
def get_readiness() -> dict[str, str]:
    """Check that the database answers, is migrated and takes background work; 503 names what is missing."""
    missing = _missing()
    if missing is not None:
        raise Problem(
            "not_ready",
            f"The service is not ready: {missing}.",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            missing=[missing],
        )
    return {"status": "ok"}


def _missing() -> str | None:
    database = state().database
    if not database.ping():
        return "database"
    if not migrated(database.engine):
        return "migrations"
    return None if _can_queue(database) else "queue"


def _can_queue(database: Database) -> bool:
    """Whether background work can be queued: the queue has a schema of its own, made by a library."""
    with database.engine.connect() as connection:
        return bool(connection.scalar(_QUEUE))
