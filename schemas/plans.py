"""Course plans: the wishes for the rest of a course, and the sessions that are proposed, booked or moved."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from scheduling.plans import BENDS
from schemas.appointments import NoticeSchema, OverrideSchema
from schemas.base import Schema
from schemas.course_templates import MOST_SESSIONS
from schemas.fields import Choice, Code, Flag, Id, Integer, ListOf, Nested, SetOf, Text
from schemas.phase_minutes import PhaseMinutes
from schemas.problems import RefusalSchema
from schemas.times import Instant, LocalDate, TimeOfDay, Weekday


class SeriesSchema(Schema):
    """The place and the kind of the sessions; a field that is left out follows the course's last visit."""

    location_id = Id(required=True)
    therapist_id = Id(allow_none=True)
    procedure_id = Id(
        allow_none=True, metadata={"description": "One of the course's; by default its last visit's."}
    )
    areas = SetOf(Code(), maximum=12)
    phase_minutes = PhaseMinutes(allow_none=True)


class PlanningSchema(SeriesSchema):
    """The patient's wishes; every wish but the date gives way where it must."""

    from_ = LocalDate(
        data_key="from", required=True, metadata={"description": "The first local date, not in the past."}
    )
    weekdays = SetOf(Weekday(), minimum=1, maximum=7)
    from_time = TimeOfDay(metadata={"description": "The earliest arrival by the wall clock."})
    until_time = TimeOfDay(end=True, metadata={"description": "The arrival is earlier than this."})
    sessions = Integer(
        minimum=1, maximum=MOST_SESSIONS, metadata={"description": "By default all that are left."}
    )

    @validates_schema(skip_on_field_errors=True)
    def check_times(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse an empty or reversed time of day."""
        if data.get("until_time", 1440) <= data.get("from_time", 0):
            raise ValidationError("Must be later than from_time.", "until_time")


class PlannedSessionSchema(Schema):
    """A session that could be booked now."""

    starts_at = Instant(required=True)
    procedure_at = Instant(required=True)
    ends_at = Instant(required=True)
    therapist_id = Id(required=True, allow_none=True)
    bends = ListOf(
        Choice(BENDS),
        required=True,
        metadata={
            "description": "What it could not keep: `weekday`, `time` (the asked time of day), `therapist`, "
            "`same_time` (that of the other sessions), `recommended_spacing` (too early, or a week or more "
            "too late)."
        },
    )
    warnings = ListOf(Nested(NoticeSchema), required=True)


class PlanSchema(Schema):
    """The sessions in order of time, and why there are not more."""

    timezone = fields.String(required=True)
    sessions = ListOf(Nested(PlannedSessionSchema), required=True)
    unplaced = Integer(required=True, metadata={"description": "Sessions for which no place was found."})
    refusals = ListOf(
        Nested(RefusalSchema),
        required=True,
        metadata={"description": "What stands against the first of them on its recommended date."},
    )


class SeriesBookingSchema(SeriesSchema):
    """The sessions of a course to book at once."""

    starts_at = SetOf(
        Instant(grid=True),
        required=True,
        minimum=1,
        maximum=MOST_SESSIONS,
        metadata={"description": "The arrivals, in any order; they are judged in order of time."},
    )
    override = Nested(OverrideSchema, allow_none=True)


class PausingSchema(Schema):
    """Why a course is paused or resumed; kept in the audit log alone."""

    reason = Text(1000, lines=True, allow_none=True, load_default=None)
    version = Integer(minimum=1, metadata={"description": "The version you change, in place of If-Match."})


class ShiftedSessionSchema(PlannedSessionSchema):
    """A booked session, and the time to which it would move or has moved."""

    appointment_id = Id(required=True)
    now_at = Instant(required=True, metadata={"description": "Where it was when this was asked."})
    moves = Flag(required=True, metadata={"description": "False: it stays where it is."})


class ShiftedSchema(Schema):
    """The later sessions in order of time, and why there are not more."""

    applied = Flag(required=True)
    sessions = ListOf(Nested(ShiftedSessionSchema), required=True)
    unplaced = Integer(required=True, metadata={"description": "Sessions for which no place was found."})
    refusals = ListOf(
        Nested(RefusalSchema),
        required=True,
        metadata={"description": "What stands against the first of them on its recommended date."},
    )
    affected = ListOf(
        Id(),
        required=True,
        metadata={"description": "The patient's other visits that this leaves outside the rules."},
    )


class ShiftSchema(Schema):
    """The session after which the rest of a course is moved on."""

    appointment_id = Id(
        required=True, metadata={"description": "The session that was moved; those after it follow."}
    )
    apply = Flag(load_default=False, metadata={"description": "Move them; by default they are proposed."})
    version = Integer(minimum=1, metadata={"description": "The course's version, in place of If-Match."})
