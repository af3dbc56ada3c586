"""Procedures over HTTP: `/v1/procedures`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.procedures import Procedures
from schemas.procedures import ProcedureQuery, ProcedureSchema

blp = Blueprint(
    "procedures",
    "procedures",
    url_prefix="/v1/procedures",
    description="What visits are for, phase by phase.",
)
serve(blp, Offer(Procedures, ProcedureSchema, ProcedureQuery, public=True))
