"""Patients and how to reach them."""

from functools import partial
from typing import Final

from marshmallow import fields

from schemas.base import QueryArgs, Resource, Schema
from schemas.contacts import Email, Phone, QueryPhone
from schemas.fields import (
    Code,
    Id,
    Ids,
    Integer,
    Nested,
    QueryChoices,
    Text,
)
from schemas.locations import affected
from schemas.times import Instant, LocalDate

OLDEST_BIRTH_YEAR = 1900


class PatientSchema(Resource):
    """A person who is treated."""

    name = Text(200, required=True)
    email = Email(load_default=None, allow_none=True)
    phone = Phone(load_default=None, allow_none=True)
    born_on = LocalDate(
        first_year=OLDEST_BIRTH_YEAR,
        load_default=None,
        allow_none=True,
        metadata={"description": "Not in the future; unknown never refuses a visit."},
    )
    skin_type = Integer(
        minimum=1,
        maximum=6,
        load_default=None,
        allow_none=True,
        metadata={"description": "The Fitzpatrick phototype; unknown never refuses a visit."},
    )
    external_id = Code(
        load_default=None, allow_none=True, metadata={"description": "Your own id, unique in the clinic."}
    )
    anonymised_at = Instant(
        dump_only=True,
        required=True,
        allow_none=True,
        metadata={"description": "Since when nobody knows who it was; `name` is `Anonymised` then."},
    )
    affected = affected()
    possible_duplicates = Ids(
        dump_only=True,
        metadata={
            "description": "In the answer to a create: the patients with the same phone, e-mail, or name and "
            "date of birth, 50 at most."
        },
    )


class AnonymiseSchema(Schema):
    """Why a patient is anonymised, for the audit log; it should not repeat who it was."""

    reason = Text(500, required=True)


class MergeSchema(Schema):
    """Into whom a patient is merged."""

    into_id = Id(required=True, metadata={"description": "The patient who stays."})


class PatientQuery(QueryArgs):
    """The query of the list of patients."""

    q = Text(
        200,
        metadata={
            "description": (
                "Words that are parts of the name, the e-mail address or the phone number, in any order, "
                "without regard to case, accents, apostrophes, hyphens and blanks; one or two letters begin "
                "a word. Patients who have them all come first, then those of whom a word is one slip "
                "of the pen away; among each, the oldest first. With `sort=-created_at` those who have them "
                "all come alone, the last recorded first."
            )
        },
    )
    phone = QueryPhone()
    email = Email()
    external_id = Code()


class IncludedPatientSchema(Schema):
    """A patient as lists show them beside what is theirs: who it is, and how to reach them."""

    id = Id(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)


included: Final = partial(
    QueryChoices,
    ("patient",),
    load_default=tuple,
    metadata={"description": "What to show with each item; `patient` needs the scope `patients:read`."},
)
included_patient: Final = partial(
    Nested,
    IncludedPatientSchema,
    dump_only=True,
    allow_none=True,
    metadata={"description": "Only in answers to `include=patient`; null without a patient."},
)
