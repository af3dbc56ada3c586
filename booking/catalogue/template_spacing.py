"""A course template's own spacing: a row of the spacing rules, which is kept because claims refer to it."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from booking.catalogue.spacing_rules import shrink_claims, yield_to_template
from booking.core.caller import Caller
from booking.core.crud import Values
from booking.flags.flags import OF_SPACING
from booking.flags.revalidation import affected_by
from booking.flags.visits_to_recheck import visits_in_courses_of
from models import CourseTemplate, SpacingRule

_SHOWN: Final = ("code", "floor_days", "min_days", "recommended_days", "overdue_days", "override_by")
_JUDGED_BY: Final = ("floor_days", "min_days")


def show_spacing(caller: Caller, templates: list[Values]) -> None:
    """Add to each template its spacing, None when it has none of its own."""
    statement = select(SpacingRule).where(
        SpacingRule.clinic_id == caller.clinic_id,
        SpacingRule.template_id.in_([one["id"] for one in templates]),
        SpacingRule.active,
    )
    rows = caller.session.scalars(statement.execution_options(populate_existing=True))
    spacing = {row.template_id: {name: getattr(row, name) for name in _SHOWN} for row in rows}
    for one in templates:
        one["spacing"] = spacing.get(one["id"])


def write_spacing(caller: Caller, template: CourseTemplate, spacing: Values | None) -> None:
    """Write the spacing into its row; without a spacing the row is retired and kept."""
    row = find_rule(caller, template.id)
    if row is None and spacing is not None:
        # Its version is counted up below, like that of a row that was there.
        row = SpacingRule(clinic_id=caller.clinic_id, template_id=template.id, scope="area", version=0)
        row.after = row.before = matcher_of(template.code)
        caller.session.add(row)
    if row is not None:
        row.active = spacing is not None
        for name, value in (spacing or {}).items():
            setattr(row, name, value)
        row.version += 1
        caller.session.flush()


def follow_spacing(caller: Caller, before: Values, after: Values) -> Sequence[UUID]:
    """Let claims and flags of the template's visits follow a change of its spacing, or of its code."""
    row = find_rule(caller, after["id"])
    if row is not None and before["code"] != after["code"]:
        row.after = row.before = matcher_of(after["code"])
        caller.session.flush()
    old, new = before["spacing"], after["spacing"]
    if row is None or _days(old) == _days(new):
        return ()
    if old is not None:
        rule = {"id": row.id, "active": new is not None}
        shrink_claims(caller, old, (new or old) | rule)
    if new is not None:
        yield_to_template(caller, after["id"], new["floor_days"])
    return affected_by(caller, visits_in_courses_of(caller, after["id"]), OF_SPACING)


def find_rule(caller: Caller, template_id: UUID) -> SpacingRule | None:
    """Give the row in which a template's spacing is stored, if it ever had any."""
    statement = select(SpacingRule).where(
        SpacingRule.clinic_id == caller.clinic_id, SpacingRule.template_id == template_id
    )
    return caller.session.scalar(statement)


def matcher_of(code: str) -> dict[str, Any]:
    """Give the matcher of both sides of a template's rule: the sessions of its courses."""
    return {"family": None, "procedure": None, "event": None, "template": code, "areas": []}


def _days(spacing: Values | None) -> Values | None:
    return spacing and {name: spacing[name] for name in _JUDGED_BY}
