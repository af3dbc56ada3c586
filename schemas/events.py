"""What webhooks tell of each event: ids, times and codes, never a patient or a name."""

from collections.abc import Mapping
from typing import Final

from marshmallow import fields

from models.statuses import APPOINTMENT_STATUSES, COURSE_STATUSES
from models.webhooks import EVENT_TYPES, PING
from scheduling.messages import MOMENT_OF
from schemas.base import Schema
from schemas.external_calendars import CALENDAR_STATUSES
from schemas.fields import Choice, Id, Integer
from schemas.times import Instant, LocalDate


class AppointmentEventDataSchema(Schema):
    """An appointment as it was after the event."""

    id = Id(required=True)
    version = Integer(required=True)
    status = Choice(APPOINTMENT_STATUSES, required=True)
    location_id = Id(required=True)
    procedure_id = Id(required=True)
    therapist_id = Id(required=True, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class HoldEventDataSchema(AppointmentEventDataSchema):
    """A slot hold; once it has ended it does not expire any more."""

    expires_at = Instant()


class OfferEventDataSchema(Schema):
    """A waitlist entry, and the slot that is held for it."""

    id = Id(required=True)
    hold_id = Id(required=True)
    location_id = Id(required=True)
    procedure_id = Id(required=True)
    starts_at = Instant(required=True)
    expires_at = Instant(required=True)


class CourseEventDataSchema(Schema):
    """A course whose last session is overdue, with no further session booked."""

    id = Id(required=True)
    version = Integer(required=True)
    status = Choice(COURSE_STATUSES, required=True)
    template_id = Id(required=True, allow_none=True)
    location_id = Id(required=True)
    last_session_on = LocalDate(required=True)


class MaintenanceEventDataSchema(Schema):
    """A course whose window for maintenance has opened."""

    course_id = Id(required=True)
    template_id = Id(required=True, allow_none=True)
    opens_on = LocalDate(required=True)
    closes_on = LocalDate(required=True, allow_none=True)
    location_id = Id(required=True)


class MessageEventDataSchema(Schema):
    """A message to a patient; its text is read from `/v1/messages`."""

    id = fields.String(required=True)
    kind = Choice(tuple(MOMENT_OF), required=True)
    appointment_id = Id(required=True)
    location_id = Id(required=True)
    due_at = Instant(required=True)


class ConflictEventDataSchema(Schema):
    """A visit over whose part of a member of staff external busy time lies."""

    appointment_id = Id(required=True)
    therapist_id = Id(required=True)
    location_id = Id(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class CalendarEventDataSchema(Schema):
    """The state of an external calendar."""

    id = Id(required=True)
    version = Integer(required=True)
    therapist_id = Id(required=True)
    status = Choice(CALENDAR_STATUSES, required=True)
    last_error = fields.String(required=True, allow_none=True)
    unread_events = Integer(required=True)
    emptied_since = Instant(required=True, allow_none=True)


class PatientEventDataSchema(Schema):
    """The id of a patient."""

    id = Id(required=True)


class MergeEventDataSchema(PatientEventDataSchema):
    """The ids of a merged patient, and of the patient who has everything now."""

    merged_into = Id(required=True)


class CatalogueEventDataSchema(Schema):
    """An object of the catalogue that was created, changed or deleted: the group of its path, and its id."""

    resource = fields.String(required=True)
    id = Id(required=True)


class PingEventDataSchema(Schema):
    """The webhook that was asked for a ping."""

    webhook_id = Id(required=True)


_OF_OTHERS: Final[Mapping[str, type[Schema]]] = {
    "waitlist.offered": OfferEventDataSchema,
    "course.lapsed": CourseEventDataSchema,
    "maintenance.due": MaintenanceEventDataSchema,
    "message.due": MessageEventDataSchema,
    "busy_block.conflicting": ConflictEventDataSchema,
    "catalogue.changed": CatalogueEventDataSchema,
    "external_calendar.changed": CalendarEventDataSchema,
    "patient.created": PatientEventDataSchema,
    "patient.changed": PatientEventDataSchema,
    "patient.merged": MergeEventDataSchema,
    "patient.anonymised": PatientEventDataSchema,
    PING: PingEventDataSchema,
}
_OF_KIND: Final[Mapping[str, type[Schema]]] = {
    "appointment": AppointmentEventDataSchema,
    "hold": HoldEventDataSchema,
}
EVENT_DATA: Final[Mapping[str, type[Schema]]] = {
    kind: _OF_OTHERS.get(kind) or _OF_KIND[kind.partition(".")[0]] for kind in (*EVENT_TYPES, PING)
}
