"""Recalls: the patients to call, with the reason and the dates."""

from schemas.base import PageArgs, Schema
from schemas.fields import Choice, Id, QueryChoices
from schemas.patients import included, included_patient
from schemas.times import LocalDate

KINDS = ("lapsed", "maintenance", "review")


class RecallQuerySchema(PageArgs):
    """Which recalls to list."""

    due_by = LocalDate(
        required=True, metadata={"description": "What opens on this date or before is listed."}
    )
    location_id = Id(metadata={"description": "Where the last session was."})
    kind = QueryChoices(KINDS)
    include = included()


class RecallSchema(Schema):
    """A patient to call: for maintenance, for a review, or because a course has lapsed."""

    patient_id = Id(required=True)
    course_id = Id(required=True)
    template_id = Id(required=True, allow_none=True)
    location_id = Id(required=True, metadata={"description": "Where the last session was."})
    kind = Choice(KINDS, required=True)
    opens_on = LocalDate(required=True)
    closes_on = LocalDate(
        required=True, allow_none=True, metadata={"description": "The window's last date; null: no end."}
    )
    last_session_on = LocalDate(required=True)
    status = Choice(("upcoming", "open", "overdue"), required=True)
    patient = included_patient()
