"""Hold rules over HTTP: `/v1/hold-rules`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.clinical.medical_hold_rules import MedicalHoldRules
from schemas.hold_rules import HoldRuleQuery, HoldRuleSchema

blp = Blueprint(
    "hold-rules",
    "hold-rules",
    url_prefix="/v1/hold-rules",
    description="The clinic's rule for each code of a medical hold; there is one rule of each code.",
)
serve(blp, Offer(MedicalHoldRules, HoldRuleSchema, HoldRuleQuery, without=frozenset({"create", "delete"})))
