"""Locations and their closures."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking.catalogue.blocks import lay_out_again
from booking.catalogue.phones import normalised
from booking.claims.freed_time import ALWAYS, freed, freed_visit
from booking.core.crud import Collection, Values, latest
from booking.core.errors import InUse, Invalid, OtherLocations
from booking.core.nested_rows import Rows
from booking.flags.flags import OF_CATALOGUE
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import LONGEST_VISIT, visits_at, visits_at_any
from booking.questions.public_holidays import is_known
from models import Appointment, Closure, Location, OpeningHours, TravelTime
from scheduling.reasons import CLINICAL

_CLINICAL_POLICY: Final = (
    "one_area_per_visit", "anaesthetic_area_cm2", "consultation_valid_days", "cooling_off_hours",
    "consultation_renewal_months", "numbing_gap_minutes", "skin_type_extra_days",
)  # fmt: skip

# The fields that decide when a location is open.
_OPENING: Final = ("opening_hours", "country", "subdivision", "observes_public_holidays")


class Locations(Collection):
    """Locations with their opening hours and policies."""

    name = "location"
    model = Location
    rows = MappingProxyType(
        {
            "opening_hours": Rows(OpeningHours, "location_id", ("weekday", "starts", "id")),
            "travel_minutes": Rows(TravelTime, "location_id", ("id",)),
        }
    )
    location = "id"
    merges = frozenset({"policy"})

    def complete(self, before: Values | None, values: Values) -> None:
        """Make a given phone number E.164, in the location's own country unless it names another."""
        if values.get("phone") is not None:
            country = values.get("country", (before or {}).get("country"))
            values["phone"] = normalised(self.caller, values["phone"], country)

    def check_reach(self, before: Values | None, after: Values | None) -> None:
        """Refuse a key of some locations a new one, and a change of the ways to those it does not see."""
        if before is None:
            raise OtherLocations("A key of some locations cannot open another.")
        seen = self.caller.location_ids or ()
        hidden = [one for one in before["travel_minutes"] if one["other_location_id"] not in seen]
        if any(one not in (after or before)["travel_minutes"] for one in hidden):
            raise OtherLocations("A way belongs to both locations, and the key does not see the other.")

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse unknown public holidays, and another time zone once there have been bookings."""
        _check_holidays(after)
        self._check_ways(before, after)
        if before is None or before["timezone"] == after["timezone"]:
            return
        booked = select(Appointment.id).where(
            Appointment.clinic_id == self.caller.clinic_id, Appointment.location_id == before["id"]
        )
        if self.caller.session.scalar(booked.limit(1)) is not None:
            raise InUse("The timezone is fixed: this location has had bookings.")

    def _check_ways(self, before: Values | None, after: Values) -> None:
        """Refuse a new way to no location of the clinic that the key may see, or to the location itself."""
        known = (
            {one["other_location_id"] for one in before["travel_minutes"]} if before is not None else set()
        )
        for place, one in enumerate(after["travel_minutes"]):
            other = one["other_location_id"]
            if other in known:
                continue
            if other == after.get("id") or self.caller.session.scalar(self.select({"id": other})) is None:
                raise Invalid(
                    f"/travel_minutes/{place}/location_id", "Must be another location of the clinic."
                )

    def follow_change(self, before: Values, after: Values) -> Sequence[UUID]:
        """Lay out blocks by a new clock, and judge visits again by new hours, ways or a new policy."""
        if before["timezone"] != after["timezone"]:
            lay_out_again(self.caller)
        codes, places = frozenset[str](), {before["id"]}
        if before["travel_minutes"] != after["travel_minutes"]:
            codes |= OF_CATALOGUE
            places |= {one["other_location_id"] for one in before["travel_minutes"] + after["travel_minutes"]}
            freed(self.caller, places, *ALWAYS)
        if any(before[name] != after[name] for name in _OPENING):
            codes |= OF_CATALOGUE
            freed(self.caller, [before["id"]], *ALWAYS)
        if any(before["policy"].get(name) != after["policy"].get(name) for name in _CLINICAL_POLICY):
            codes |= CLINICAL
        return affected_by(self.caller, visits_at_any(self.caller, places), codes) if codes else ()


def _check_holidays(after: Values) -> None:
    """Refuse to observe the holidays of no known place; a location that observes none may name any."""
    country, subdivision = after["country"], after["subdivision"]
    if not after["observes_public_holidays"]:
        return
    if country is None:
        raise Invalid("/country", "Say in which country the public holidays are observed.")
    if not is_known(country):
        raise Invalid("/country", "No public holidays are known for this country.")
    if not is_known(country, subdivision):
        raise Invalid(
            "/subdivision", "Not a known subdivision of the country, by ISO 3166-2 without its prefix."
        )


class Closures(Collection):
    """Times in which a whole location is closed."""

    name = "closure"
    model = Closure
    location = "location_id"

    def check_values(self, after: Values) -> None:
        """Refuse an end that does not lie after the start."""
        if after["starts_at"] >= after["ends_at"]:
            raise Invalid("/ends_at", "Must lie after starts_at.")

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID]:
        """Judge every visit again that the closure meets, or met before it was moved or deleted."""
        versions = [values for values in (before, after) if values is not None]
        if before is not None:
            freed_visit(self.caller, before["location_id"], before["starts_at"], before["ends_at"])
        first = min(values["starts_at"] for values in versions) - LONGEST_VISIT
        last = max(values["ends_at"] for values in versions)
        between = (Appointment.starts_at > first, Appointment.starts_at < last)
        location_id = latest(before, after)["location_id"]
        return affected_by(self.caller, visits_at(self.caller, location_id, *between), OF_CATALOGUE)

    def show(self, found: list[Values]) -> None:
        """Show instants in the zone of the location."""
        rows = select(Location.id, Location.timezone).where(
            Location.clinic_id == self.caller.clinic_id,
            Location.id.in_({values["location_id"] for values in found}),
        )
        zones = {place: ZoneInfo(zone) for place, zone in self.caller.session.execute(rows)}
        for values in found:
            zone = zones[values["location_id"]]
            for name in ("starts_at", "ends_at"):
                values[name] = values[name].astimezone(zone)
