"""Procedures with their phases."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from booking.core.caller import Caller
from booking.core.crud import ALL, Collection, Values, Where
from booking.core.errors import InUse, Invalid
from booking.core.nested_rows import Rows
from booking.flags.flags import OF_ANY_RULE, OF_CATALOGUE, OF_PREREQUISITES
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_for
from models import Appointment, CourseTemplate, Phase, Procedure

_FIXED_ONCE_BOOKED: Final = ("code", "family", "areas", "choose_areas", "counts_as")
_ASKED_OF_STAFF: Final = ("qualifications", "qualifications_any", "depth_mm")


class Procedures(Collection):
    """Procedures with their phases in order."""

    name = "procedure"
    model = Procedure
    shared = True
    rows = MappingProxyType({"phases": Rows(Phase, "procedure_id", ("position",))})

    def select(self, where: Where = ALL) -> Select[Any]:
        """Select procedures; publishable keys see those that are offered online."""
        found = super().select(where)
        return found.where(Procedure.online, Procedure.active) if self.caller.publishable else found

    def check_values(self, after: Values) -> None:
        """Refuse prerequisites that form a cycle."""
        _refuse_cycles(self.caller, after, after.get("id"))

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse to change code, family, areas or counts_as once the procedure has been booked."""
        if before is None or all(before[name] == after[name] for name in _FIXED_ONCE_BOOKED):
            return
        booked = select(Appointment.id).where(
            Appointment.clinic_id == self.caller.clinic_id, Appointment.procedure_id == before["id"]
        )
        if self.caller.session.scalar(booked.limit(1)) is not None:
            raise InUse("Code, family, areas and counts_as are fixed: this procedure has been booked.")

    def follow(self, before: Values | None, after: Values | None) -> Sequence[UUID] | None:
        """Refuse to delete a procedure of a course template; otherwise follow a change."""
        if before is not None and after is None:
            _refuse_while_in_a_template(self.caller, before["id"])
        return super().follow(before, after)

    def follow_change(self, before: Values, after: Values) -> Sequence[UUID]:
        """Judge the procedure's visits again by what it now asks for."""
        codes = frozenset[str]()
        if any(before[name] != after[name] for name in _ASKED_OF_STAFF):
            codes |= OF_CATALOGUE
        if before["prerequisites"] != after["prerequisites"]:
            codes |= OF_PREREQUISITES
        if before["phases"] != after["phases"]:
            codes |= OF_ANY_RULE
        return affected_by(self.caller, visits_for(self.caller, after["id"]), codes) if codes else ()


def _refuse_cycles(caller: Caller, after: Values, own: UUID | None) -> None:
    """Refuse prerequisites that lead back to the procedure's own family: no visit could ever come first."""
    needed = {after["family"]: [one["family"] for one in after["prerequisites"]]}
    others = select(Procedure.id, Procedure.family, Procedure.prerequisites).where(
        Procedure.clinic_id == caller.clinic_id
    )
    for procedure_id, family, prerequisites in caller.session.execute(others):
        if procedure_id != own:
            needed.setdefault(family, []).extend(one["family"] for one in prerequisites)
    for place, one in enumerate(after["prerequisites"]):
        if after["family"] in _reached(one["family"], needed):
            message = "Leads back to the procedure's own family: prerequisites must not form a cycle."
            raise Invalid(f"/prerequisites/{place}/family", message)


def _reached(family: str, needed: Mapping[str, Sequence[str]]) -> set[str]:
    """Give every family that must come before a family's visits, itself included."""
    reached, ahead = {family}, [family]
    while ahead:
        fresh = set(needed.get(ahead.pop(), ())) - reached
        reached |= fresh
        ahead += fresh
    return reached


def _refuse_while_in_a_template(caller: Caller, procedure_id: UUID) -> None:
    """Raise InUse while a course template names the procedure: no foreign key looks into its list."""
    naming = select(CourseTemplate.id).where(
        CourseTemplate.clinic_id == caller.clinic_id, CourseTemplate.procedure_ids.contains([procedure_id])
    )
    if caller.session.scalar(naming.limit(1)) is not None:
        raise InUse("A course template names this procedure.")
