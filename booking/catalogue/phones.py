"""Reads phone numbers as a clinic's people write them."""

from typing import Final

from sqlalchemy import select

from booking.core.caller import Caller
from booking.core.errors import Invalid
from models import Clinic
from models.phones import e164

_POINTER: Final = "/phone"
_DIALLED_ABROAD: Final = "00"


def normalised(caller: Caller, written: str, country: str | None = None) -> str:
    """Give a number in E.164; Invalid when it cannot exist, or names no country and none is known.

    A number without a country's code is one of `country`, by default of the clinic's.
    """
    country = None if written.startswith("+") else country or _default_country(caller)
    found = e164(written, country)
    if found is None and written.startswith(_DIALLED_ABROAD):
        found = e164("+" + written.removeprefix(_DIALLED_ABROAD))
    if found is None and country is None and not written.startswith("+"):
        raise Invalid(_POINTER, "Begin with + and the country's code: the clinic has no default_country.")
    if found is None:
        raise Invalid(_POINTER, "Not a possible number of its country.")
    return found


def _default_country(caller: Caller) -> str | None:
    return caller.session.scalar(select(Clinic.default_country).where(Clinic.id == caller.clinic_id))
