"""The address by which a patient is reached online: an e-mail address or a phone number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from booking.catalogue.phones import normalised
from booking.core.caller import Caller
from models import Patient


@dataclass(frozen=True, slots=True)
class Address:
    """Either an e-mail address in lower case or a phone number in E.164."""

    email: str | None = None
    phone: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The address as the field of a patient that it is."""
        known = {"email": self.email, "phone": self.phone}
        return {name: value for name, value in known.items() if value is not None}

    def of(self, model: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a mapped class with both columns
        """Match the rows of this address."""
        ((name, value),) = self.fields.items()
        matched: ColumnElement[bool] = getattr(model, name) == value
        return matched


def address_of(caller: Caller, given: Mapping[str, Any]) -> Address:
    """Read an address that a client has sent; Invalid for a phone number that cannot exist."""
    phone = given.get("phone")
    return Address(given.get("email"), None if phone is None else normalised(caller, phone))


def patients_at(caller: Caller, address: Address) -> Sequence[Any]:
    """Give the id and the name of every patient at the address, the first recorded first."""
    own = (Patient.clinic_id == caller.clinic_id, Patient.merged_into_id.is_(None), address.of(Patient))
    return caller.session.execute(select(Patient.id, Patient.name).where(*own).order_by(Patient.id)).all()
