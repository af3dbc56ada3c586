"""Booking tokens: the codes that prove an address, and the links to a single visit."""

import re
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.base import Schema
from schemas.contacts import Email, Phone
from schemas.fields import Choice, Id, ListOf, Nested, SetOf, Strict, documented, refuse
from schemas.times import Instant

_CODE = re.compile(r"[0-9]{6}")
LINK_ACTIONS = ("confirm", "cancel", "reschedule")


class AddressSchema(Schema):
    """Where a code goes: an e-mail address or a phone number."""

    email = Email(metadata={"description": "This or `phone`."})
    phone = Phone(metadata={"description": "This or `email`."})

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data: dict[str, Any], **_kwargs: object) -> None:
        """Refuse a body without an address, or with two."""
        if ("email" in data) == ("phone" in data):
            raise ValidationError("Give either an email or a phone.", "email")


class CodeSentSchema(Schema):
    """Until when the code that was sent can be used."""

    expires_at = Instant(required=True, metadata={"description": "By the real clock, sandbox or not."})


class SixDigits(Strict, fields.String):
    """A code of six digits of ASCII."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(**documented(kwargs, pattern="^[0-9]{6}$"))

    def _read(self, value: object) -> str:
        if not isinstance(value, str) or _CODE.fullmatch(value) is None:
            refuse("Must be six digits.")
        return value


class CodeProofSchema(AddressSchema):
    """An address, and the code that was sent there."""

    code = SixDigits(required=True)


class KnownPatientSchema(Schema):
    """A patient at the proved address, as their family may recognise them."""

    id = Id(required=True)
    given_name = fields.String(required=True, metadata={"description": "The first word of the name."})


class BookingTokenSchema(Schema):
    """A token for the header `X-Booking-Token`, and whom it speaks for."""

    token = fields.String(required=True, metadata={"description": "Shown once; only its SHA-256 is stored."})
    expires_at = Instant(required=True, metadata={"description": "By the real clock, sandbox or not."})
    patients = ListOf(Nested(KnownPatientSchema), required=True)


class LinkRequestSchema(Schema):
    """What a link to a visit allows."""

    actions = SetOf(Choice(LINK_ACTIONS), minimum=1, maximum=len(LINK_ACTIONS), required=True)


class LinkSchema(Schema):
    """The address of a link to a visit."""

    url = fields.String(required=True, metadata={"format": "uri"})
    expires_at = Instant(required=True, metadata={"description": "When the visit begins."})
