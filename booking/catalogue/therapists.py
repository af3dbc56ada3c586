"""Therapists, which here means all bookable staff, with their qualifications and working hours."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, or_, select

from booking.catalogue.blocks import lay_out_again
from booking.catalogue.locations import Locations
from booking.claims.freed_time import ALWAYS, freed
from booking.core.crud import Collection, Values, Where
from booking.core.errors import OtherLocations
from booking.core.nested_rows import Rows
from booking.flags.flags import OF_CATALOGUE
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_of
from booking.questions.catalog import load_catalog
from models import (
    Appointment,
    Qualification,
    SpecialWorkingDay,
    SpecialWorkingPeriod,
    Therapist,
    WorkingHours,
)
from models.statuses import LIVE
from scheduling.qualifications import may_lead


class Therapists(Collection):
    """All bookable staff."""

    name = "therapist"
    model = Therapist
    rows = MappingProxyType(
        {
            "qualifications": Rows(Qualification, "therapist_id", ("code", "id")),
            "working_hours": Rows(WorkingHours, "therapist_id", ("weekday", "starts", "id")),
        }
    )

    def check_reach(self, before: Values | None, after: Values | None) -> None:
        """Refuse a key of some locations all but its own hours of a therapist who works elsewhere too."""
        if before is None or not self._works_elsewhere(before):
            return
        whole = after or {}
        if any(whole.get(name) != before[name] for name in before if name != "working_hours"):
            raise OtherLocations(
                "The therapist works at other locations too: only hours here can be changed."
            )
        if self._elsewhere(before["working_hours"]) != self._elsewhere(whole["working_hours"]):
            raise OtherLocations("Send the hours at other locations as they are.")

    def _elsewhere(self, items: Iterable[Values]) -> list[Values]:
        """Give the items of other locations than the key's, in an order of their own."""
        seen = {None, *(self.caller.location_ids or ())}
        return sorted((one for one in items if one["location_id"] not in seen), key=repr)

    def _works_elsewhere(self, therapist: Values) -> bool:
        """Whether the therapist has hours, qualifications or visits to come where the key sees nothing."""
        if self._elsewhere(therapist["working_hours"]) or self._elsewhere(therapist["qualifications"]):
            return True
        own, seen = self.caller.clinic_id, self.caller.location_ids or ()
        day, visit = SpecialWorkingDay, Appointment
        special = select(day.id).where(
            day.clinic_id == own, day.therapist_id == therapist["id"], day.location_id.not_in(seen),
            day.on >= self.caller.now.date() - timedelta(days=1),
        )  # fmt: skip
        booked = select(visit.id).where(
            visit.clinic_id == own, visit.therapist_id == therapist["id"], visit.location_id.not_in(seen),
            visit.status.in_(LIVE), visit.ends_at > self.caller.now,
        )  # fmt: skip
        return bool(self.caller.session.scalar(select(or_(special.exists(), booked.exists()))))

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse a location that the clinic does not have."""
        kept = self._elsewhere((before or {"working_hours": ()})["working_hours"])
        known: set[UUID] = {one["location_id"] for one in kept}
        for name in ("qualifications", "working_hours"):
            for place, item in enumerate(after[name]):
                location_id = item["location_id"]
                if location_id is not None and location_id not in known:
                    Locations(self.caller).require(location_id, f"/{name}/{place}/location_id")
                    known.add(location_id)

    def follow_change(self, before: Values, after: Values) -> Sequence[UUID]:
        """Lay out blocks by new working hours, and judge the therapist's visits again."""
        moved = before["working_hours"] != after["working_hours"]
        if moved:
            lay_out_again(self.caller, [before["id"]])
            freed(self.caller, {period["location_id"] for period in after["working_hours"]}, *ALWAYS)
        if not moved and all(before[name] == after[name] for name in ("qualifications", "treats", "active")):
            return ()
        return affected_by(self.caller, visits_of(self.caller, before["id"]), OF_CATALOGUE)

    def search(self, query: Where) -> Select[Any]:
        """Select staff: by `active`, by where they work, and by the procedure that they may lead today."""
        selected = self.select({"active": query["active"]} if "active" in query else {})
        if "location_id" in query:
            selected = selected.where(Therapist.id.in_(self._working_at(query["location_id"])))
        if "procedure_id" in query:
            selected = selected.where(Therapist.id.in_(self._qualified(query)))
        return selected

    def _working_at(self, location_id: UUID) -> CompoundSelect[Any]:
        """Select the ids of staff with weekly hours at a location, or with special hours there."""
        day, period = SpecialWorkingDay, SpecialWorkingPeriod
        weekly, special = (
            select(hours.therapist_id).where(
                hours.clinic_id == self.caller.clinic_id, hours.location_id == location_id
            )
            for hours in (WorkingHours, day)
        )
        some = select(period.id).where(period.clinic_id == day.clinic_id, period.day_id == day.id)
        return weekly.union(special.where(some.exists()))

    def _qualified(self, query: Where) -> list[UUID]:
        """Give the staff who may lead a procedure today, at the location of the query or at any."""
        catalog = load_catalog(self.caller).engine
        procedure = catalog.procedures.get(query["procedure_id"])
        places = [one for one in catalog.locations.values() if query.get("location_id", one.id) == one.id]
        days = {one.id: self.caller.now.astimezone(one.zone).date() for one in places}
        return [
            person.id
            for person in catalog.therapists.values()
            if procedure is not None
            and any(may_lead(person, procedure, place, today) for place, today in days.items())
        ]
