"""The clinic itself."""

from phonenumbers import SUPPORTED_REGIONS

from schemas.base import Resource, Schema
from schemas.fields import Choice, Integer, Nested, Text

MOST_HOLDS = 1000
COUNTRIES = sorted(SUPPORTED_REGIONS)


class ClinicLimitsSchema(Schema):
    """What widgets may do at most."""

    holds_per_key = Integer(
        minimum=1,
        maximum=MOST_HOLDS,
        metadata={"description": "Live holds of a publishable key at a location."},
    )
    holds_per_visitor = Integer(
        minimum=1,
        maximum=MOST_HOLDS,
        metadata={
            "description": "Live holds of one visitor at a location: of a booking token, else of an "
            "address on the network."
        },
    )
    online_visits = Integer(
        minimum=1,
        maximum=100,
        metadata={"description": "Visits to come that a patient has booked online."},
    )


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
    limits = Nested(ClinicLimitsSchema, metadata={"description": "Changed member by member."})
