"""Phone numbers: any usual way of writing becomes E.164, so that one number is one person's."""

from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult
from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.errors import Invalid
from models import Clinic

_POINTER: Final = "/phone"
_DIALLED_ABROAD: Final = "00"


def normalised(caller: Caller, written: str) -> str:
    """Give a number in E.164; Invalid when it cannot exist, or names no country and the clinic has none."""
    country = None if written.startswith("+") else _default_country(caller)
    found = e164(written, country)
    if found is None and written.startswith(_DIALLED_ABROAD):
        found = e164("+" + written.removeprefix(_DIALLED_ABROAD))
    if found is None and country is None and not written.startswith("+"):
        raise Invalid(_POINTER, "Begin with + and the country's code: the clinic has no default_country.")
    if found is None:
        raise Invalid(_POINTER, "Not a possible number of its country.")
    return found


def e164(text: str, country: str | None = None) -> str | None:
    """Give a number in E.164, by its country where it has no country's code; None if it cannot exist.

    `+44 07911` is `+447911`: the trunk zero goes, except where the plan keeps it, as in Italy. A number of
    which each reading drops another zero cannot exist either.
    """
    once = _read(text, country)
    return once if once is not None and _read(once, None) == once else None


def _read(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    if not possible or not number.national_number:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _default_country(caller: Caller) -> str | None:
    return caller.session.scalar(select(Clinic.default_country).where(Clinic.id == caller.clinic_id))
