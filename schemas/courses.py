"""Courses: the sessions that a patient is to have."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_dump, validates_schema

from models.statuses import COURSE_STATUSES
from schemas.base import QueryArgs, Resource, Schema
from schemas.course_templates import MOST_SESSIONS
from schemas.fields import Choice, Id, Ids, Integer, QueryChoices


class ProgressSchema(Schema):
    """How far a course has come."""

    performed = Integer(required=True, metadata={"description": "Sessions completed."})
    booked = Integer(required=True, metadata={"description": "Visits that are booked and not completed."})


class CourseSchema(Resource):
    """A number of sessions for a patient, of a template or of a procedure.

    The first booking makes a planned course active, and its last session makes it completed. The version
    counts its progress too.
    """

    derived = ("appointment_ids", "medical_hold_ids")

    patient_id = Id(required=True)
    template_id = Id(load_default=None, allow_none=True)
    procedure_id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "What is treated without a template; exactly one of the two is given."},
    )
    sessions = Integer(
        minimum=1,
        maximum=MOST_SESSIONS,
        metadata={
            "description": "By default the template's, and within its range; required with procedure_id.",
        },
    )
    status = Choice(COURSE_STATUSES, dump_only=True, required=True)
    progress = fields.Nested(ProgressSchema, dump_only=True, required=True)
    appointment_ids = Ids(
        dump_only=True,
        required=True,
        metadata={"description": "Its visits in order of time, but for those cancelled or missed."},
    )
    medical_hold_ids = Ids(
        dump_only=True,
        required=True,
        metadata={
            "description": "The open holds that stand against its sessions: with any the course is paused."
        },
    )

    @classmethod
    def derived_of(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give the visits with their progress, and the medical holds; nothing for a course without either."""
        part = super().derived_of(body)
        return part | {"progress": body["progress"]} if part else part

    @post_dump
    def _paused_by_holds(self, data: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
        return data | {"status": "paused"} if data.get("medical_hold_ids") else data

    @validates_schema
    def _one_subject(self, data: dict[str, Any], *, partial: bool | None, **_kwargs: object) -> None:
        if partial:
            return
        if (data["template_id"] is None) == (data["procedure_id"] is None):
            raise ValidationError("Name exactly one of: template_id, procedure_id.", "template_id")
        if data["template_id"] is None and "sessions" not in data:
            raise ValidationError("Must be given with procedure_id.", "sessions")


class CourseChangeSchema(CourseSchema):
    """The parts of a course that may change: its number of sessions, and that it is cancelled."""

    status = Choice(
        COURSE_STATUSES, metadata={"description": "Only to cancelled; visits that are booked stay booked."}
    )


class CourseQuery(QueryArgs):
    """The query of the list of courses."""

    patient_id = Id()
    status = QueryChoices(COURSE_STATUSES)
    template_id = Id()
