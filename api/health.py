"""Tells whether the process lives and whether it can serve."""

from api.blueprints import Blueprint
from api.problems import RETRY_AFTER_SECONDS, Problem
from api.state import state
from migrations.runner import migrated
from schemas.base import Schema
from schemas.fields import Choice

blp = Blueprint("health", "health", description="Whether the service lives and is ready; no key needed.")


class HealthSchema(Schema):
    """All is well."""

    status = Choice(["ok"], required=True)


@blp.route("/healthz")
@blp.response(200, HealthSchema)
def get_health() -> dict[str, str]:
    """Tell that the process lives."""
    return {"status": "ok"}


@blp.route("/readyz")
@blp.response(200, HealthSchema)
@blp.alt_response(503, "SERVICE_UNAVAILABLE")
def get_readiness() -> dict[str, str]:
    """Tell whether the database answers and is migrated; 503 names what is missing."""
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
    return None if migrated(database.engine) else "migrations"
