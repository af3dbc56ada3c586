"""Availability: the question that widgets and desks ask, and its answers."""

from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.appointments import VerdictSchema
from schemas.base import Schema
from schemas.fields import Choice, Id, Integer, ListOf, Nested, QueryCodes, QueryFlag, QueryInteger
from schemas.phase_minutes import QueryPhaseMinutes
from schemas.problems import AlternativeSchema, RefusalSchema
from schemas.times import Instant, LocalDate

LONGEST_SEARCH_DAYS = 92
MOST_SLOTS = 50_000


class WishSchema(Schema):
    """A visit as a question names it."""

    procedure_id = Id(required=True)
    location_id = Id(required=True)
    patient_id = Id(metadata={"description": "Keeps this patient's rules and other visits."})
    areas = QueryCodes()
    therapist_id = Id()
    room_id = Id()
    course_id = Id(metadata={"description": "The patient's course: its template's own spacing counts."})
    phase_minutes = QueryPhaseMinutes()


class RangeSchema(Schema):
    """A half-open range of local dates."""

    from_ = LocalDate(data_key="from", required=True)
    until = LocalDate(required=True)
    longest_days = LONGEST_SEARCH_DAYS

    @validates_schema(skip_on_field_errors=True)
    def check_range(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse an empty, reversed or too long range."""
        if data["until"] <= data["from_"]:
            raise ValidationError("Must be after from.", "until")
        if data["until"] - data["from_"] > timedelta(days=self.longest_days):
            raise ValidationError(f"Must be at most {self.longest_days} days after from.", "until")


class AvailabilityQuerySchema(WishSchema, RangeSchema):
    """Which slots to look for."""

    ignore_appointment_id = Id(metadata={"description": "Leave this appointment's own time out."})
    rank = Choice(("earliest", "compact"), load_default="earliest")
    limit = QueryInteger(minimum=1, maximum=MOST_SLOTS)


class DaysQuerySchema(WishSchema, RangeSchema):
    """Which days to count slots on."""

    ignore_appointment_id = Id()


class ExplainQuerySchema(WishSchema):
    """Which instant to explain."""

    starts_at = Instant(required=True, grid=True)
    ignore_appointment_id = Id()
    alternatives = QueryFlag(
        load_default=True, metadata={"description": "`false` leaves the near slots out, which is faster."}
    )


class SlotListSchema(Schema):
    """Slots in the location's zone."""

    timezone = fields.String(required=True)
    slots = ListOf(Nested(AlternativeSchema), required=True, maximum=MOST_SLOTS)


class DaySchema(Schema):
    """A local date and how many slots it has."""

    on = LocalDate(required=True)
    slots = Integer(required=True)


class DayListSchema(Schema):
    """The days of the range, in order."""

    days = ListOf(Nested(DaySchema), required=True)


class NextSlotSchema(AlternativeSchema):
    """The first slot within the horizon."""

    timezone = fields.String(required=True)


class ExplanationSchema(VerdictSchema):
    """Every reason at an instant, and near slots when it cannot be booked."""

    alternatives = ListOf(
        Nested(AlternativeSchema), metadata={"description": "Not with `alternatives=false`."}
    )


class EligibilityQuerySchema(Schema):
    """The procedure and the location to ask about."""

    procedure_id = Id(required=True)
    location_id = Id(required=True)
    areas = QueryCodes()
    course_id = Id(metadata={"description": "The patient's course: its template's own spacing counts."})


class BasisSchema(Schema):
    """The rule and the session that a date comes from."""

    rule_id = fields.String(required=True)
    on = LocalDate(required=True)
    source = Id(
        required=True,
        allow_none=True,
        metadata={"description": "The appointment, treatment or hold it counts from."},
    )


class EligibilitySchema(Schema):
    """The dates from which a patient's next session is allowed, recommended and overdue."""

    eligible_on = LocalDate(required=True, allow_none=True)
    recommended_on = LocalDate(required=True, allow_none=True)
    overdue_on = LocalDate(required=True, allow_none=True)
    latest_on = LocalDate(
        required=True,
        allow_none=True,
        metadata={"description": "The last date before something forbids it again; null: nothing does."},
    )
    basis = ListOf(Nested(BasisSchema), required=True)
    refusals = ListOf(
        Nested(RefusalSchema), required=True, metadata={"description": "What has no date at which it ends."}
    )
