"""Patients and how to reach them."""

import re
from functools import partial
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import fields

from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import (
    Code,
    Id,
    Integer,
    Nested,
    QueryChoices,
    Strict,
    Text,
    documented,
    refuse,
)
from schemas.locations import affected
from schemas.times import LocalDate

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
OLDEST_BIRTH_YEAR = 1900
LONGEST_EMAIL = 254


class Phone(Strict, fields.String):
    """A phone number in E.164, `+442079460000`, that its country's plan allows."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(**documented(kwargs, pattern=r"^\+[1-9][0-9]{6,14}$"))

    def _read(self, value: object) -> str:
        if not isinstance(value, str) or not _E164.fullmatch(value):
            refuse("Not a phone number in E.164: a plus sign, the country's code and the number, no blanks.")
        try:
            number = phonenumbers.parse(value)
        except phonenumbers.NumberParseException:
            refuse("No such country code.")
        if not phonenumbers.is_possible_number(number):
            refuse("Not a possible number of its country.")
        return value


class Email(Strict, fields.String):
    """An email address, kept in lower case; whether its domain exists is not looked up."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(**documented(kwargs, format="email", maxLength=LONGEST_EMAIL))

    def _read(self, value: object) -> str:
        if not isinstance(value, str):
            refuse("Not a string.")
        try:
            found = validate_email(value, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            refuse("Not an email address.")
        return found.normalized.lower()


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
    affected = affected()


class PatientQuery(QueryArgs):
    """The query of the list of patients."""

    q = Text(200, metadata={"description": "Any part of the name, in upper or lower case."})
    phone = Phone()
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
    load_default=(),
    metadata={"description": "What to show with each item; `patient` needs the scope `patients:read`."},
)
included_patient: Final = partial(
    Nested,
    IncludedPatientSchema,
    dump_only=True,
    allow_none=True,
    metadata={"description": "Only in answers to `include=patient`; null without a patient."},
)
