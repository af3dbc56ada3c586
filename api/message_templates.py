"""Message templates over HTTP: `/v1/message-templates`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.message_templates import MessageTemplates
from schemas.message_templates import MessageTemplateQuery, MessageTemplateSchema

blp = Blueprint(
    "message-templates",
    "message-templates",
    url_prefix="/v1/message-templates",
    description="The clinic's own words for each kind of message; there is one template of each kind.",
)
serve(
    blp,
    Offer(
        MessageTemplates, MessageTemplateSchema, MessageTemplateQuery, without=frozenset({"create", "delete"})
    ),
)
