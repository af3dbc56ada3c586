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


def _days(default: int | None, minimum: int, description: str) -> Integer:
    return Integer(
        minimum=minimum,
        maximum=36_500,
        allow_none=default is None,
        dump_default=default,
        metadata={"description": description},
    )


class RetentionSchema(Schema):
    """For how many days something is kept; each night what is older goes."""

    reads_days = _days(365, 30, "Who read whose record, in the audit log.")
    messages_days = _days(30, 30, "Which messages were due, tried and sent.")
    patients_days = _days(
        None,
        365,
        "Patients without a visit, a course or a change for so long are anonymised; null: never by itself.",
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
    retention = Nested(RetentionSchema, metadata={"description": "Changed member by member."})
