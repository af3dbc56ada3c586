"""Appointments: the requests to book, change and list them, and the answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, pre_dump, validates_schema

from models.statuses import APPOINTMENT_STATUSES
from scheduling.clinical import ADVERSE_EFFECTS
from scheduling.reasons import REFUSALS, WARNINGS
from schemas.base import BY_CREATION, QueryArgs, Schema, sorted_by
from schemas.fields import (
    Choice,
    Code,
    Flag,
    Id,
    Ids,
    Integer,
    ListOf,
    Nested,
    QueryChoices,
    QueryFlag,
    SetOf,
    Stored,
    Text,
)
from schemas.locations import affected
from schemas.marks import CANCEL_REASONS, CancellationSchema, FlagOfVisitSchema, OverrideOfVisitSchema
from schemas.patients import OLDEST_BIRTH_YEAR, included, included_patient
from schemas.phase_minutes import PhaseMinutes
from schemas.problems import OfferedTimeSchema, RefusalSchema, Terse
from schemas.procedures import PHASE_KINDS
from schemas.times import Instant, LocalDate

_OF_THE_VISIT = frozenset({"phases", "affected", "alternatives", "patient"})
MOST_TOGETHER = 12


class OverrideSchema(Schema):
    """The codes of the listed refusals to override, and the reason."""

    codes = SetOf(Choice(tuple(REFUSALS)), required=True, maximum=20)
    reason = Text(1000, required=True, lines=True)


class WantedVisitSchema(Schema):
    """A visit as a client asks for it."""

    procedure_id = Id(required=True)
    location_id = Id(required=True)
    starts_at = Instant(required=True, grid=True, metadata={"description": "The patient's arrival."})
    areas = SetOf(Code(), maximum=12)
    therapist_id = Id(allow_none=True)
    room_id = Id(allow_none=True)
    course_id = Id(
        allow_none=True,
        metadata={"description": "The course that this visit is a session of; its first makes it active."},
    )
    notes = Text(2000, lines=True, allow_none=True)
    override = Nested(OverrideSchema, allow_none=True)
    phase_minutes = PhaseMinutes(allow_none=True)


_OF_THE_HOLD = ("procedure_id", "location_id", "starts_at", "areas", "therapist_id", "room_id")
_ALSO_OF_THE_HOLD = ("phase_minutes", "ignore_appointment_id")
_INSTEAD = {"description": "Required without a `hold_id`, refused with one."}


class NewPersonSchema(Schema):
    """Somebody new who books by a widget; the address is that of the booking token."""

    name = Text(200, required=True)
    born_on = LocalDate(
        first_year=OLDEST_BIRTH_YEAR,
        load_default=None,
        allow_none=True,
        metadata={"description": "Needed where a rule has a minimum age."},
    )


class BookingSchema(WantedVisitSchema):
    """A visit of a patient to book or to judge: named in full, or by the hold that keeps it already.

    With a `hold_id` its procedure, location, start, areas, therapist, room and lengths are the hold's.
    """

    patient_id = Id(metadata={"description": "Required, but for a widget that names a new `patient`."})
    patient = Nested(
        NewPersonSchema,
        metadata={"description": "With a booking token, in place of a `patient_id`: somebody new."},
    )
    hold_id = Id(metadata={"description": "The hold that becomes the appointment, keeping its id."})
    procedure_id = Id(metadata=_INSTEAD)
    location_id = Id(metadata=_INSTEAD)
    starts_at = Instant(
        grid=True, metadata={"description": f"The patient's arrival. {_INSTEAD['description']}"}
    )

    @validates_schema(skip_on_field_errors=True)
    def check_form(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse a body that is of neither form, naming each field at fault."""
        if "hold_id" in data:
            given = [name for name in (*_OF_THE_HOLD, *_ALSO_OF_THE_HOLD) if name in data]
            errors = {name: ["Comes from the hold: leave it out."] for name in given}
        else:
            required = _OF_THE_HOLD[:3]
            errors = {name: ["Missing data for required field."] for name in required if name not in data}
        if "patient" in data and "patient_id" in data:
            errors["patient"] = ["Give either a patient_id or a patient."]
        elif "patient" not in data and "patient_id" not in data:
            errors["patient_id"] = ["Missing data for required field."]
        if errors:
            raise ValidationError(errors)


class ValidationSchema(BookingSchema):
    """A visit to judge, as a new visit or as the move of one that is booked."""

    class Meta:
        """Judge for patients whom the clinic knows."""

        exclude = ("patient",)

    ignore_appointment_id = Id(
        metadata={"description": "Judges the visit as the move of this one, whose own time counts as free."}
    )


class TogetherSchema(Schema):
    """Several visits of the same patient to book at once, such as a consultation and a treatment after it."""

    patient_id = Id(required=True)
    visits = ListOf(Nested(WantedVisitSchema), required=True, minimum=1, maximum=MOST_TOGETHER)


class NoticeSchema(Terse):
    """A warning: something to mention that refuses nothing."""

    code = fields.String(required=True, metadata={"enum": list(WARNINGS)})
    message = fields.String(required=True)
    rule_id = fields.String()
    earliest_on = fields.Raw(metadata={"type": "string", "format": "date"})


class VerdictSchema(Schema):
    """Whether a visit can take place, with every reason against it."""

    bookable = Flag(required=True)
    refusals = ListOf(Nested(RefusalSchema), required=True)
    warnings = ListOf(Nested(NoticeSchema), required=True)


class PlannedPhaseSchema(Schema):
    """One phase as proposed."""

    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(PHASE_KINDS)})
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    room_id = Id(required=True, allow_none=True)
    therapist_id = Id(required=True, allow_none=True)
    assistant_id = Id(required=True, allow_none=True)
    device_id = Id(required=True, allow_none=True)


class PhaseOfVisitSchema(PlannedPhaseSchema):
    """One phase as planned and, once it has happened, as it really was."""

    actual_starts_at = Instant(required=True, allow_none=True)
    actual_ends_at = Instant(required=True, allow_none=True)


class AppointmentSchema(Schema):
    """An appointment; instants carry the offset of its location."""

    derived = ("flags",)

    @classmethod
    def derived_of(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give the flag that comes by the time alone; all others are stored with the appointment."""
        late = [flag for flag in body.get("flags", ()) if flag["code"] == "not_closed"]
        return {"flags": late} if late else {}

    id = Id(required=True)
    version = Integer(required=True)
    status = Choice(APPOINTMENT_STATUSES, required=True)
    location_id = Id(required=True)
    procedure_id = Id(required=True)
    patient_id = Id(required=True, allow_none=True)
    therapist_id = Id(required=True, allow_none=True)
    areas = ListOf(fields.String(), required=True)
    starts_at = Instant(required=True)
    procedure_at = Instant(required=True)
    ends_at = Instant(required=True)
    phases = ListOf(Nested(PhaseOfVisitSchema), required=True)
    course_id = Id(required=True, allow_none=True)
    notes = fields.String(required=True, allow_none=True)
    warnings = ListOf(Nested(NoticeSchema), required=True)
    flags = ListOf(
        Stored(FlagOfVisitSchema),
        required=True,
        metadata={
            "description": "What the rules would refuse by now; `disrupted`, left by a disruption of "
            "`resource_id` or `location_id`; `external_busy`, where `resource_id`, who treats or assists, "
            "has become busy elsewhere; `late`; `overrun`, when the visit `appointment_id` is under way and "
            "needs its time; `overlap`, when it was noted at a time that others had; `not_closed`, when it "
            "is under way after the closing time."
        },
    )
    overrides = ListOf(
        Stored(OverrideOfVisitSchema), required=True, metadata={"description": "What was allowed."}
    )
    cancellation = Stored(CancellationSchema, required=True, allow_none=True)
    performed_on = LocalDate(
        required=True,
        allow_none=True,
        metadata={
            "description": "The date at the location on which the procedure, or the consultation, really "
            "began: spacing, wash-outs, courses, recalls and aftercare count from it. Null until then."
        },
    )
    created_at = Instant(required=True)
    updated_at = Instant(required=True)
    affected = affected()
    alternatives = ListOf(
        Nested(OfferedTimeSchema),
        dump_only=True,
        metadata={
            "description": "In the answer to a late arrival that nothing could make room for: other times. "
            "In the answer to a step that runs into the time of planned visits: other times for these."
        },
    )

    patient = included_patient()

    @pre_dump
    def in_local_time(self, visit: Any, **_kwargs: object) -> dict[str, Any]:  # noqa: ANN401 - a booked visit
        """Write every instant with the offset of the visit's location."""
        shown = _localized(visit.appointment, self.fields, visit.zone)
        phase_fields = PhaseOfVisitSchema._declared_fields  # noqa: SLF001 - marshmallow keeps them there
        if visit.affected is not None:
            shown["affected"] = visit.affected
        if visit.alternatives is not None:
            shown["alternatives"] = visit.alternatives
        if visit.included is not None:
            shown |= visit.included
        shown["flags"] = [_flag_in_local_time(flag, visit.zone) for flag in visit.flags]
        shown["phases"] = [_localized(phase, phase_fields, visit.zone) for phase in visit.phases]
        return shown


def _flag_in_local_time(flag: Any, zone: Any) -> dict[str, Any]:  # noqa: ANN401 - a stored flag
    since = flag["since"]
    return {**flag, "since": since.astimezone(zone)} if isinstance(since, datetime) else dict(flag)


def _localized(row: Any, names: Any, zone: Any) -> dict[str, Any]:  # noqa: ANN401 - any row, any mapping
    values = {name: getattr(row, name) for name in names if name not in _OF_THE_VISIT}
    return {
        name: value.astimezone(zone) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


class AppointmentListSchema(Schema):
    """Several appointments in the order in which they were asked for."""

    appointments = ListOf(Nested(AppointmentSchema), required=True)


class AppointmentQuerySchema(QueryArgs):
    """Which appointments to list; `from` and `until` are local dates, half-open."""

    from_ = LocalDate(data_key="from")
    until = LocalDate()
    location_id = Id()
    therapist_id = Id()
    room_id = Id()
    patient_id = Id()
    course_id = Id()
    status = QueryChoices(APPOINTMENT_STATUSES)
    flagged = QueryFlag()
    updated_since = Instant()
    sort = sorted_by(*BY_CREATION, "starts_at", "-starts_at")
    include = included()

    @validates_schema(skip_on_field_errors=True)
    def check_range(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse an empty or reversed range."""
        if "from_" in data and "until" in data and data["until"] <= data["from_"]:
            raise ValidationError("Must be after from.", "until")


class NotesChangeSchema(Schema):
    """The part of an appointment that a PATCH may change."""

    notes = Text(2000, lines=True, allow_none=True, required=True)
    version = Integer(minimum=1)


class ActionSchema(Schema):
    """The body of an action that needs nothing but the version."""

    version = Integer(minimum=1, metadata={"description": "The version you change, in place of If-Match."})


class StepSchema(ActionSchema):
    """The body of an action on an appointment."""

    at = Instant(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "When it happened: by default now, never in the future, nor before the booking or "
            "the step that came before it."
        },
    )


class StartSchema(StepSchema):
    """How the procedure starts."""

    numbed_elsewhere = Flag(load_default=False)
    cream_off_at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "When the numbing cream came off; by default when the procedure begins."},
    )
    override = Nested(OverrideSchema, allow_none=True)


class CompleteSchema(StepSchema):
    """How the treatment went."""

    adverse_effects = SetOf(
        Choice(ADVERSE_EFFECTS),
        load_default=list,
        maximum=len(ADVERSE_EFFECTS),
        metadata={
            "description": "What went wrong: each opens a medical hold of its code on the visit's areas."
        },
    )


def _notify(description: str) -> Flag:
    return Flag(load_default=True, metadata={"description": description})


class CancelSchema(StepSchema):
    """Why an appointment is cancelled."""

    reason_code = Choice(CANCEL_REASONS, required=True)
    note = Text(1000, lines=True, allow_none=True, load_default=None)
    notify = _notify(
        "Whether the patient is to be told. None of our messages tells of a cancellation: a gateway of yours "
        "that does finds this in `cancellation`."
    )


class UndoSchema(ActionSchema):
    """Why the last change of an appointment's status is taken back."""

    reason = Text(1000, required=True, lines=True)


class RescheduleSchema(StepSchema):
    """The new time and place of an appointment; a field that is left out stays as it is."""

    starts_at = Instant(required=True, grid=True)
    therapist_id = Id(allow_none=True)
    room_id = Id(allow_none=True)
    location_id = Id(allow_none=True)
    override = Nested(OverrideSchema, allow_none=True)
    notify = _notify(
        "Whether the patient is told of the move, two minutes after it. Reminders of the new time go out "
        "either way."
    )


class ReassignSchema(StepSchema):
    """The new therapist or room of a visit at its times; a field that is left out stays as it is."""

    therapist_id = Id(allow_none=True)
    room_id = Id(allow_none=True)
    override = Nested(OverrideSchema, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def check_named(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse a body that names neither a therapist nor a room."""
        if data.get("therapist_id") is None and data.get("room_id") is None:
            raise ValidationError("Name a therapist, a room or both.")


class SwapSchema(Schema):
    """Two visits at one location that exchange their therapists, or the rooms of their treatments."""

    appointment_ids = Ids(required=True, minimum=2, maximum=2)
    what = Choice(("room", "therapist"), required=True)
    versions = ListOf(
        Integer(minimum=1),
        minimum=2,
        maximum=2,
        metadata={"description": "The versions that you change, in the order of the visits: 428 without."},
    )


class HistoryEntrySchema(Schema):
    """An act on an appointment, and who did it."""

    id = Id(required=True)
    action = fields.String(required=True)
    at = Instant(required=True)
    actor = fields.String(required=True, allow_none=True)
    key_id = Id(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    changes = fields.Dict(required=True)
