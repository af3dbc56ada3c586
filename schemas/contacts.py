"""Fields by which people and places are reached: phone numbers and email addresses."""

import re
import unicodedata
from typing import Any

from email_validator import EmailNotValidError, validate_email
from marshmallow import fields

from schemas.fields import Strict, documented, refuse

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
