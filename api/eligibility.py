"""Eligibility over HTTP: from which date a patient may have a procedure."""

from typing import Any
from uuid import UUID

from api.blueprints import Blueprint
from api.visit_requests import visit_request_of
from booking.core.caller import Caller
from booking.questions.eligibility import assess
from schemas.availability import EligibilityQuerySchema, EligibilitySchema

blp = Blueprint(
    "eligibility",
    "eligibility",
    url_prefix="/v1/patients/<uuid:patient_id>/eligibility",
    description="The date from which a patient may be treated again.",
)


@blp.route("", methods=["GET"])
@blp.needs("appointments:read")
@blp.arguments(EligibilityQuerySchema, location="query")
@blp.response(200, EligibilitySchema)
def get_eligibility(caller: Caller, query: dict[str, Any], patient_id: UUID) -> dict[str, Any]:
    """Get the dates from which a patient's next session is allowed, recommended and overdue."""
    found = assess(caller, visit_request_of(query, patient_id))
    return {
        "eligible_on": found.eligible_on,
        "recommended_on": found.recommended_on,
        "overdue_on": found.overdue_on,
        "latest_on": found.latest_on,
        "basis": [{"rule_id": one.rule_id, "on": one.on, "source": one.source_id} for one in found.basis],
        "refusals": found.refusals,
    }
