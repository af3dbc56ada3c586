"""Patients and how to reach them."""

import re
import unicodedata
from functools import partial
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from marshmallow import fields

from schemas.base import QueryArgs, Resource, Schema
from schemas.fields import (
    Code,
    Id,
    Ids,
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

OLDEST_BIRTH_YEAR = 1900
LONGEST_EMAIL = 254
LONGEST_PHONE = 50
# Digits of any script, and what people put between them; letters are neither.
_PHONE = re.compile(r"\+?[\d\s()./\-\u2010-\u2015\u2212\u00b7]*", re.UNICODE)
_FULL_WIDTH_PLUS = "\uff0b"


class Phone(Strict, fields.String):
    """A phone number in any usual way of writing; the act that stores or looks for it makes it E.164."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        what = (
            "In any usual way of writing; stored and shown in E.164, `+442079460000`. Without a country's "
            "code it is a number of the clinic's `default_country`."
        )
        super().__init__(**documented(kwargs, description=what, minLength=1, maxLength=LONGEST_PHONE))

    def _read(self, value: object) -> str:
        if not isinstance(value, str):
            refuse("Not a string.")
        if len(value) > LONGEST_PHONE:
            refuse(f"Must have at most {LONGEST_PHONE} characters.")
        # Numbers that are copied out of other programs come with invisible marks around them.
        seen = "".join(one for one in value if unicodedata.category(one) != "Cf").strip()
        seen = seen.replace(_FULL_WIDTH_PLUS, "+")
        if not _PHONE.fullmatch(seen) or not any(one.isdecimal() for one in seen):
            refuse("Not a phone number: digits, with a plus sign in front of a country's code.")
        return seen


class QueryPhone(Phone):
    """A phone number in a query, where a plus sign that was not encoded arrives as a blank."""

    def _read(self, value: object) -> str:
        lost = isinstance(value, str) and value.startswith(" ") and value[1:2].isdecimal()
        return super()._read(f"+{value}" if lost else value)


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
    possible_duplicates = Ids(
        dump_only=True,
        metadata={
            "description": "In the answer to a create: the patients with the same phone, e-mail, or name and "
            "date of birth, 50 at most."
        },
    )


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
