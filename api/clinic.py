"""The key's own clinic over HTTP: `/v1/clinic`, one object."""

from api.blueprints import Blueprint
from api.etags import expected_version
from booking.catalogue.own_clinic import OwnClinic
from booking.core.caller import Caller
from booking.core.crud import Values
from schemas.base import patch_of
from schemas.clinic import ClinicSchema

blp = Blueprint(
    "clinic",
    "clinic",
    url_prefix="/v1/clinic",
    description="The clinic itself, and what it decides for all of its locations.",
)


@blp.route("", methods=["GET"])
@blp.needs("catalog:read")
@blp.response(200, ClinicSchema)
def get_clinic(caller: Caller) -> Values:
    """Get the key's clinic."""
    return OwnClinic(caller).get(caller.clinic_id)


@blp.route("", methods=["PATCH"])
@blp.needs("admin", fails=(412,))
@blp.arguments(patch_of(ClinicSchema))
@blp.response(200, ClinicSchema)
def update_clinic(caller: Caller, body: Values) -> Values:
    """Change the given fields of the key's clinic."""
    return OwnClinic(caller).change(caller.clinic_id, body, expected_version(body))
