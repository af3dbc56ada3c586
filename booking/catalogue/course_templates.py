"""Course templates: the procedures, numbers of sessions, spacing and maintenance of one kind of course."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from booking.catalogue.spacing_rules import refuse_falling
from booking.catalogue.template_spacing import follow_spacing, show_spacing, write_spacing
from booking.core.caller import Caller
from booking.core.crud import Collection, Values, Where
from booking.core.errors import InUse, Invalid, NotFound
from models import Course, CourseTemplate, Procedure


class CourseTemplates(Collection):
    """Course templates with their own spacing."""

    name = "course_template"
    model = CourseTemplate
    shared = True
    parts = frozenset({"spacing"})

    def complete(self, before: Values | None, values: Values) -> None:
        """Give a spacing without a code the code of its template."""
        spacing = values.get("spacing")
        if spacing is not None and "code" not in spacing:
            code = ((before or {}) | values)["code"]
            values["spacing"] = {"code": code} | spacing

    def check_values(self, after: Values) -> None:
        """Refuse numbers of sessions, months and days that contradict each other."""
        _check_sessions(after)
        _check_maintenance(after)
        if after["spacing"] is not None:
            refuse_falling(after["spacing"], "/spacing")

    def check(self, before: Values | None, after: Values) -> None:
        """Refuse an unknown procedure, and another code once the template has courses."""
        if before is None or before["procedure_ids"] != after["procedure_ids"]:
            _require_procedures(self.caller, after["procedure_ids"])
        if before is not None and before["code"] != after["code"]:
            _refuse_with_courses(self.caller, before["id"])

    def follow_change(self, before: Values, after: Values) -> Sequence[UUID]:
        """Let proofs and flags follow a new spacing: a new or deleted template has no visits."""
        return follow_spacing(self.caller, before, after)

    def show(self, found: list[Values]) -> None:
        """Add to each template its spacing."""
        show_spacing(self.caller, found)

    def write(self, row: Any, name: str, value: Any) -> None:  # noqa: ANN401 - see Collection
        """Write the spacing as a spacing rule, every other field as usual."""
        if name == "spacing":
            write_spacing(self.caller, row, value)
        else:
            super().write(row, name, value)

    def search(self, query: Where) -> Select[Any]:
        """Select templates by code, by `active`, and by a procedure that is among theirs."""
        templates = self.select({name: query[name] for name in ("code", "active") if name in query})
        if "procedure_id" not in query:
            return templates
        return templates.where(CourseTemplate.procedure_ids.contains([query["procedure_id"]]))


def _check_sessions(template: Values) -> None:
    if template["min_sessions"] > template["sessions"]:
        raise Invalid("/min_sessions", "Must not be more than sessions.")
    if template["max_sessions"] < template["sessions"]:
        raise Invalid("/max_sessions", "Must not be less than sessions.")


def _check_maintenance(template: Values) -> None:
    opens, closes = template["maintenance_opens_months"], template["maintenance_closes_months"]
    if (opens is None) != (closes is None):
        missing = "opens" if opens is None else "closes"
        raise Invalid(f"/maintenance_{missing}_months", "Maintenance both opens and closes, or does neither.")
    if opens is not None and opens >= closes:
        raise Invalid("/maintenance_closes_months", "Must be more than maintenance_opens_months.")


def _require_procedures(caller: Caller, procedure_ids: Sequence[UUID]) -> None:
    """Refuse the first procedure that the clinic does not have."""
    own = select(Procedure.id).where(Procedure.clinic_id == caller.clinic_id, Procedure.id.in_(procedure_ids))
    known = set(caller.session.scalars(own))
    for place, one in enumerate(procedure_ids):
        if one not in known:
            raise NotFound("procedure", f"/procedure_ids/{place}")


def _refuse_with_courses(caller: Caller, template_id: UUID) -> None:
    courses = select(Course.id).where(Course.clinic_id == caller.clinic_id, Course.template_id == template_id)
    if caller.session.scalar(courses.limit(1)) is not None:
        raise InUse("The code is fixed: this template has courses.")
