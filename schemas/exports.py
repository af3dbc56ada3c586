"""Everything held about one patient, as one document."""

from marshmallow import fields

from schemas.appointments import AppointmentSchema
from schemas.audit import AuditEntrySchema
from schemas.base import Schema
from schemas.calendar_feeds import CalendarFeedSchema
from schemas.courses import CourseSchema
from schemas.fields import Id, Ids, ListOf, Nested
from schemas.medical_holds import MedicalHoldSchema
from schemas.patients import PatientSchema
from schemas.times import Instant
from schemas.treatments import TreatmentSchema
from schemas.waitlist import WaitlistEntrySchema


class NotedMessageSchema(Schema):
    """A message that was due for a visit; its words are those of the clinic's template."""

    appointment_id = Id(required=True)
    kind = fields.String(required=True)
    due_at = Instant(required=True)
    status = fields.String(required=True)
    sent_at = Instant(required=True, allow_none=True)


class PatientExportSchema(Schema):
    """Everything that is held about one patient."""

    exported_at = Instant(required=True)
    patient = Nested(PatientSchema, required=True)
    merged_ids = Ids(required=True, metadata={"description": "Records that were merged into this patient."})
    appointments = ListOf(
        Nested(AppointmentSchema),
        required=True,
        metadata={"description": "Visits of every status, and slot holds that ended less than a month ago."},
    )
    courses = ListOf(Nested(CourseSchema), required=True)
    treatments = ListOf(Nested(TreatmentSchema), required=True)
    medical_holds = ListOf(Nested(MedicalHoldSchema), required=True)
    waitlist = ListOf(Nested(WaitlistEntrySchema), required=True)
    messages = ListOf(Nested(NotedMessageSchema), required=True)
    calendar_feeds = ListOf(Nested(CalendarFeedSchema), required=True)
    audit = ListOf(
        Nested(AuditEntrySchema),
        required=True,
        metadata={"description": "What was done and who read the record, the newest first."},
    )
