"""Special hours of locations and staff: the hours of one date in place of the weekly ones."""

from collections.abc import Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select

from booking.catalogue.blocks import lay_out_again
from booking.catalogue.locations import Locations
from booking.claims.freed_time import freed
from booking.core.crud import Collection, Values, Where, latest
from booking.core.nested_rows import Rows, without
from booking.flags.flags import OF_CATALOGUE
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_at, visits_of
from booking.questions.windows import midnight
from models import (
    Appointment,
    SpecialOpeningDay,
    SpecialOpeningPeriod,
    SpecialWorkingDay,
    SpecialWorkingPeriod,
)

_RANGE = ("from_", "until")
_ONE_DAY = timedelta(days=1)


class SpecialDays(Collection):
    """What the special hours of locations and of staff share."""

    location = "location_id"

    def search(self, query: Where) -> Select[Any]:
        """Select the special hours of the dates from `from_` to `until`, half-open."""
        selected = super().search(without(query, _RANGE))
        if "from_" in query:
            selected = selected.where(self.model.on >= query["from_"])
        if "until" in query:
            selected = selected.where(self.model.on < query["until"])
        return selected

    def offer_freed(self, *versions: Values | None) -> None:
        """Queue offers of the dates, on which more time may be open now, at their locations."""
        for values in filter(None, versions):
            location_id, on = values["location_id"], values["on"]
            zone = ZoneInfo(Locations(self.caller).require(location_id).timezone)
            freed(self.caller, [location_id], midnight(on, zone), midnight(on + _ONE_DAY, zone))


class SpecialOpeningDays(SpecialDays):
    """Dates on which a location opens at special hours, or does not open."""

    name = "special_opening_day"
    model = SpecialOpeningDay
    rows = MappingProxyType({"periods": Rows(SpecialOpeningPeriod, "day_id", ("starts", "id"))})

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID]:
        """Judge the location's visits of the date again, and of the date that it was before."""
        self.offer_freed(before, after)
        location_id = latest(before, after)["location_id"]
        visits = visits_at(self.caller, location_id, _on_the_dates(before, after))
        return affected_by(self.caller, visits, OF_CATALOGUE)


class SpecialWorkingDays(SpecialDays):
    """Dates on which a member of staff works at special hours at a location, or not there."""

    name = "special_working_day"
    model = SpecialWorkingDay
    rows = MappingProxyType({"periods": Rows(SpecialWorkingPeriod, "day_id", ("starts", "id"))})

    def check_values(self, after: Values) -> None:
        """Refuse a location that the clinic does not have."""
        Locations(self.caller).require(after["location_id"], "/location_id")

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID]:
        """Lay out blocks by where the therapist is on the date, and judge the therapist's visits again."""
        therapist_id = latest(before, after)["therapist_id"]
        lay_out_again(self.caller, [therapist_id])
        self.offer_freed(before, after)
        visits = visits_of(self.caller, therapist_id, _on_the_dates(before, after))
        return affected_by(self.caller, visits, OF_CATALOGUE)


def _on_the_dates(*versions: Values | None) -> ColumnElement[bool]:
    """Match visits that may meet the dates: those that arrive on them, and on the days around them."""
    dates: list[date] = [values["on"] for values in versions if values is not None]
    return Appointment.local_date.in_([on + _ONE_DAY * days for on in dates for days in (-1, 0, 1)])
