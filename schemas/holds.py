"""Slot holds: the request to keep a visit's time while the patient decides, and the hold itself."""

from datetime import datetime
from typing import Any

from marshmallow import ValidationError, pre_dump, validates_schema

from schemas.base import Schema
from schemas.fields import Code, Id, Integer, SetOf
from schemas.phase_minutes import PhaseMinutes
from schemas.times import Instant

LONGEST_SECONDS = 600


class TtlSchema(Schema):
    """How long a hold lasts from now on."""

    ttl_seconds = Integer(
        minimum=1,
        maximum=LONGEST_SECONDS,
        metadata={"description": "By default the location's `hold_seconds`."},
    )


class HoldRequestSchema(TtlSchema):
    """A visit whose time to hold."""

    procedure_id = Id(required=True)
    location_id = Id(required=True)
    starts_at = Instant(required=True, grid=True, metadata={"description": "The patient's arrival."})
    areas = SetOf(Code(), maximum=12)
    therapist_id = Id(allow_none=True)
    patient_id = Id(
        allow_none=True,
        metadata={"description": "Keeps this patient's rules too; of a widget with a booking token."},
    )
    course_id = Id(allow_none=True, metadata={"description": "The patient's course."})
    phase_minutes = PhaseMinutes(allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def check_course(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse a course without a patient."""
        if data.get("course_id") is not None and data.get("patient_id") is None:
            raise ValidationError("Needs a patient_id.", "course_id")


class HoldSchema(Schema):
    """A live hold; instants carry the offset of its location."""

    id = Id(required=True)
    expires_at = Instant(required=True, metadata={"description": "By the real clock, sandbox or not."})
    starts_at = Instant(required=True)
    procedure_at = Instant(required=True)
    ends_at = Instant(required=True)
    therapist_id = Id(required=True, allow_none=True)

    @pre_dump
    def in_local_time(self, visit: Any, **_kwargs: object) -> dict[str, Any]:  # noqa: ANN401 - a held visit
        """Write every instant with the offset of the location."""
        values = {name: getattr(visit.appointment, name) for name in self.fields}
        return {
            name: value.astimezone(visit.zone) if isinstance(value, datetime) else value
            for name, value in values.items()
        }
