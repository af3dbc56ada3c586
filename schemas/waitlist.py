"""Waitlist entries: what a patient waits for, and the slot that they are offered."""

from models.statuses import ENTRY_STATUSES
from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import Choice, Code, Id, Nested, QueryChoices, SetOf
from schemas.patients import included, included_patient
from schemas.times import Instant, LocalDate, TimeOfDay, Weekday


class OfferSchema(Schema):
    """A slot that is held for the patient; instants carry the offset of its location."""

    hold_id = Id(required=True)
    starts_at = Instant(required=True)
    procedure_at = Instant(required=True)
    ends_at = Instant(required=True)
    therapist_id = Id(required=True, allow_none=True)
    expires_at = Instant(required=True, metadata={"description": "By the real clock, sandbox or not."})


class WaitlistEntrySchema(Resource):
    """A patient's wish for a visit: the first freed slot that suits it by every rule is offered to them.

    With an `appointment_id` it is a wish to bring that visit forward: only earlier times are offered, and to
    accept moves the visit. Such an entry ends when the visit is moved to a time that is wished for
    (`fulfilled`), or does not lie ahead any more (`expired`).
    """

    derived = ("offer",)

    patient_id = Id(required=True)
    procedure_id = Id(required=True)
    location_id = Id(required=True)
    areas = SetOf(
        Code(),
        maximum=12,
        load_default=list,
        metadata={"description": "Where the procedure leaves a choice, what to treat."},
    )
    therapist_id = Id(load_default=None, allow_none=True, metadata={"description": "The only one wanted."})
    earliest_on = LocalDate(load_default=None, allow_none=True)
    latest_on = LocalDate(load_default=None, allow_none=True, metadata={"description": "Inclusive."})
    weekdays = SetOf(
        Weekday(),
        minimum=1,
        maximum=7,
        load_default=None,
        allow_none=True,
        metadata={"description": "Null: any."},
    )
    from_time = TimeOfDay(
        load_default=None, allow_none=True, metadata={"description": "The earliest arrival, local time."}
    )
    until_time = TimeOfDay(
        end=True, load_default=None, allow_none=True, metadata={"description": "Arrivals lie before it."}
    )
    course_id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "The course of the patient whose next session is wanted."},
    )
    appointment_id = Id(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "A booked visit of the patient, of this procedure and location, to bring forward. "
            "Of an accepted entry, the visit that was booked or moved."
        },
    )
    status = Choice(
        ENTRY_STATUSES,
        dump_only=True,
        required=True,
        metadata={"description": "`fulfilled`: the patient has booked such a visit by other means."},
    )
    offer = Nested(OfferSchema, dump_only=True, required=True, allow_none=True)
    patient = included_patient()


class WaitlistChangeSchema(WaitlistEntrySchema):
    """The parts of an entry that may change: the patient's wishes, and that they wait again."""

    status = Choice(
        ENTRY_STATUSES[:1],
        metadata={"description": "Lets an entry that was declined or has expired wait again."},
    )


class WaitlistQuery(QueryArgs):
    """The query of the list of entries."""

    patient_id = Id()
    location_id = Id()
    procedure_id = Id()
    status = QueryChoices(ENTRY_STATUSES)
    include = included()
