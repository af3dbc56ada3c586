"""The audit log as clients see it."""

from marshmallow import fields

from schemas.base import PageArgs, Schema
from schemas.fields import Id, Text
from schemas.times import Instant, Since


class AuditEntrySchema(Schema):
    """An act, or a look at a patient's record: by whom, when, and what it changed."""

    id = Id(required=True)
    at = Instant(required=True)
    action = fields.String(
        required=True,
        metadata={
            "description": "The kind of object and what was done, such as `appointment.booked`. Reads are "
            "`patient.read` (a record, or what lies below it), `patient.listed` (name and contacts beside "
            "something of theirs; noted once in ten minutes for each key, actor and patient) and "
            "`patient.exported`."
        },
    )
    subject_type = fields.String(required=True)
    subject_id = Id(required=True)
    key_id = Id(required=True, allow_none=True, metadata={"description": "Null for the command line."})
    actor = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    changes = fields.Dict(
        required=True, metadata={"description": "Empty for a read, and once a patient is anonymised."}
    )


class AuditQuery(PageArgs):
    """The query of the audit log; a patient's entries are those about anything of theirs."""

    from_ = Since(data_key="from")
    until = Since(metadata={"description": "Half-open: entries before it."})
    actor = Text(100)
    key_id = Id()
    action = Text(100)
    patient_id = Id()
    appointment_id = Id()
