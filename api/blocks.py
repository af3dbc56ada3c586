"""Blocks over HTTP: `/v1/blocks`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.blocks import Blocks
from schemas.blocks import BlockQuery, BlockSchema

blp = Blueprint(
    "blocks",
    "blocks",
    url_prefix="/v1/blocks",
    description="Times in which therapists, rooms and devices are kept free.",
)
serve(blp, Offer(Blocks, BlockSchema, BlockQuery))
