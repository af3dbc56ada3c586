"""The clinic itself."""

from phonenumbers import SUPPORTED_REGIONS

from schemas.base import Resource
from schemas.fields import Choice, Text

COUNTRIES = sorted(SUPPORTED_REGIONS)


class ClinicSchema(Resource):
    """What a clinic decides for itself."""

    name = Text(200, required=True)
    default_country = Choice(
        COUNTRIES,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "ISO 3166-1: the country of phone numbers without a country's code; "
            "null refuses such numbers."
        },
    )
