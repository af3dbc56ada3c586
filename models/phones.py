"""Phone numbers: any usual way of writing becomes E.164, so that one number is one person's."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult


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
