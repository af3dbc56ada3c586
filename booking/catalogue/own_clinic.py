"""The caller's own clinic: what it decides for itself."""

from typing import Any

from sqlalchemy import Select, select

from booking.core.crud import ALL, Collection, Values, Where
from models import Clinic
from models.clinics import ONLINE_LIMITS


class OwnClinic(Collection):
    """The one clinic that a caller can see."""

    name = "clinic"
    model = Clinic
    merges = frozenset({"limits", "retention"})
    shared = True

    def select(self, where: Where = ALL) -> Select[Any]:  # noqa: ARG002 - there is only one to find
        """Select the caller's clinic."""
        return select(Clinic).where(Clinic.id == self.caller.clinic_id)

    def show(self, found: list[Values]) -> None:
        """Show every limit, also those that the clinic has not decided on."""
        for values in found:
            values["limits"] = {**ONLINE_LIMITS, **values["limits"]}
