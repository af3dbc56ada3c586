"""Finds the procedure by which a patient can book the visit that must come first."""

from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from uuid import UUID

from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog
from scheduling.questions import Question
from scheduling.reasons import Refusal

_MISSING = frozenset({"prerequisite_missing", "prerequisite_expired"})


def with_book_first(
    caller: Caller, catalog: ClinicCatalog, question: Question, refusals: Iterable[Refusal]
) -> tuple[Refusal, ...]:
    """Give the refusals; those of a visit that must come first with the procedure to book for it."""
    return tuple(
        replace(one, book_first=_book_first(caller, catalog, question)) if one.code in _MISSING else one
        for one in refusals
    )


def _book_first(caller: Caller, catalog: ClinicCatalog, question: Question) -> UUID | None:
    """Give a procedure of the missing family that has no prerequisites itself; None when there is none."""
    needed = [one.family for one in question.procedure.prerequisites]
    had = {one.family for one in question.patient.sessions} if question.patient is not None else set()
    # Without a prerequisite that was never met, all were, and any may have expired.
    wanted = [family for family in needed if family not in had] or needed
    offered = catalog.online if caller.publishable else catalog.engine.procedures.keys() - catalog.retired
    fitting = [
        procedure
        for procedure in catalog.engine.procedures.values()
        if procedure.family in wanted and procedure.id in offered and not procedure.prerequisites
    ]
    first = min(fitting, key=attrgetter("code"), default=None)
    return first.id if first is not None else None
