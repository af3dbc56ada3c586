"""Locations with their opening hours and policy, and their closures."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.base import QueryArgs, Resource, Schema
from schemas.contacts import Email, Phone
from schemas.fields import Choice, Code, Flag, Id, Ids, Integer, ListOf, Minutes, Nested, QueryFlag, Text
from schemas.times import Instant, TimeOfDay, Zone
from schemas.weekly import WeeklySchema, refuse_overlaps

DAY_MINUTES = 24 * 60
YEAR_DAYS = 366


def affected() -> Ids:
    """Make the field `affected`, which the answer to a change carries."""
    return Ids(
        dump_only=True,
        metadata={"description": "In the answer to a change: the appointments it leaves outside the rules."},
    )


class OpeningHoursSchema(WeeklySchema):
    """A weekly period of opening; several on a day make breaks."""

    opens = TimeOfDay(required=True, attribute="starts")
    closes = TimeOfDay(required=True, attribute="ends", end=True)


class PolicySchema(Schema):
    """How a location takes bookings; each number is in the unit that its name says."""

    grid_minutes = Minutes(load_default=5)
    assign = Choice(
        ("balance", "pack"),
        load_default="balance",
        metadata={
            "description": "Who gets a visit for which nobody was named, and which rooms: who has least that "
            "day, then that week (`balance`), or who is left with the fewest gaps (`pack`)."
        },
    )
    min_notice_minutes = Integer(minimum=0, maximum=YEAR_DAYS * DAY_MINUTES, load_default=0)
    horizon_days = Integer(minimum=0, maximum=3 * YEAR_DAYS, load_default=365)
    hold_seconds = Integer(minimum=1, maximum=600, load_default=300)
    cancel_free_hours = Integer(minimum=0, maximum=YEAR_DAYS * 24, load_default=48)
    late_grace_minutes = Integer(minimum=0, maximum=DAY_MINUTES, load_default=15)
    one_area_per_visit = Flag(load_default=True)
    anaesthetic_area_cm2 = Integer(minimum=0, maximum=20_000, load_default=400)
    offer = Choice(("all", "compact"), load_default="all")
    consultation_valid_days = Integer(minimum=0, maximum=10 * YEAR_DAYS, load_default=180)
    cooling_off_hours = Integer(minimum=0, maximum=YEAR_DAYS * 24, load_default=24)
    offer_minutes = Integer(minimum=1, maximum=7 * DAY_MINUTES, load_default=30)
    consultation_renewal_months = Integer(
        minimum=0,
        maximum=120,
        load_default=18,
        metadata={"description": "How long after a treatment no new consultation is needed."},
    )
    numbing_gap_minutes = Integer(
        minimum=0,
        maximum=DAY_MINUTES,
        load_default=15,
        metadata={"description": "The longest time between the end of the numbing and the needling."},
    )
    many_sessions_a_year = Integer(
        minimum=1,
        maximum=366,
        load_default=8,
        metadata={"description": "From this session on one area within 365 days on, a warning is given."},
    )
    skin_type_extra_days = Integer(
        minimum=0,
        maximum=YEAR_DAYS,
        load_default=0,
        metadata={"description": "Days that skin of phototype IV to VI adds between sessions."},
    )


class TravelSchema(Schema):
    """How long the way to another location takes."""

    location_id = Id(required=True, attribute="other_location_id")
    minutes = Minutes(required=True, minimum=0)


class LocationSchema(Resource):
    """A place of treatment; its zone is fixed once it has bookings."""

    name = Text(200, required=True)
    timezone = Zone(required=True)
    country = Code(
        2,
        load_default=None,
        allow_none=True,
        validate=validate.Regexp("^[A-Z]{2}$", error="Not two capital letters, as in ISO 3166-1."),
        metadata={"description": "ISO 3166-1 alpha-2, as in GB; needed where public holidays are observed."},
    )
    subdivision = Code(
        10,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "ISO 3166-2 without the country, as in ENG; null: what the whole country observes."
        },
    )
    observes_public_holidays = Flag(
        load_default=False,
        metadata={
            "description": "Whether the location is closed all day on the public holidays of its country and "
            "subdivision, and on the days observed in their stead."
        },
    )
    address = Text(
        500,
        lines=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "Public, like `phone` and `email`."},
    )
    phone = Phone(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "In any usual way of writing; stored and shown in E.164, `+442079460000`. Without "
            "a country's code it is a number of the location's `country`, or else of the clinic's "
            "`default_country`."
        },
    )
    email = Email(load_default=None, allow_none=True)
    opening_hours = ListOf(Nested(OpeningHoursSchema), load_default=list)
    travel_minutes = ListOf(
        Nested(TravelSchema),
        load_default=list,
        metadata={
            "description": "How long staff need to other locations, in both directions. What either location "
            "states holds; the larger counts where both state it."
        },
    )
    # Unlike a list, a policy is changed field by field: a PATCH of one number keeps the others.
    policy = fields.Nested(PolicySchema, load_default=lambda: PolicySchema().load({}))
    active = Flag(load_default=True)
    affected = affected()

    @validates_schema
    def _no_overlaps(self, data: dict[str, Any], **_kwargs: object) -> None:
        refuse_overlaps("opening_hours", data.get("opening_hours", ()), lambda _: None)

    @validates_schema
    def _each_way_once(self, data: dict[str, Any], **_kwargs: object) -> None:
        named = [one["other_location_id"] for one in data.get("travel_minutes", ())]
        for place, location_id in enumerate(named):
            if location_id in named[:place]:
                message = {"location_id": ["Must not be named twice."]}
                raise ValidationError({"travel_minutes": {place: message}})


class LocationQuery(QueryArgs):
    """The query of the list of locations."""

    active = QueryFlag()


class ClosureSchema(Resource):
    """A time in which the whole location is closed."""

    location_id = Id(dump_only=True, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    reason = Text(500, required=True)
    affected = affected()


class ClosureQuery(QueryArgs):
    """The query of the list of closures."""
