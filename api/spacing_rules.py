"""Spacing rules over HTTP: `/v1/spacing-rules`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.spacing_rules import SpacingRules
from schemas.spacing_rules import SpacingRuleQuery, SpacingRuleSchema

blp = Blueprint(
    "spacing-rules",
    "spacing-rules",
    url_prefix="/v1/spacing-rules",
    description="Days between treatments of one patient.",
)
serve(blp, Offer(SpacingRules, SpacingRuleSchema, SpacingRuleQuery))
