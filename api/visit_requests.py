"""Reads what requests say about a visit, and shows the verdict on it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from api.problems import malformed, told
from booking.appointments.records import get_appointment
from booking.core.caller import Caller
from booking.core.errors import NotFound
from booking.questions.judging import Override
from booking.questions.visit_requests import VisitRequest
from scheduling.questions import Verdict

_LEFT_OUT: Final[tuple[Any, ...]] = (None, {}, [])


def visit_request_of(given: Mapping[str, Any], patient_id: UUID | None = None) -> VisitRequest:
    """Read the visit that a body or a query names; a path may name its patient."""
    return VisitRequest(
        procedure_id=given["procedure_id"],
        location_id=given["location_id"],
        areas=tuple(given.get("areas") or ()),
        therapist_id=given.get("therapist_id"),
        room_id=given.get("room_id"),
        patient_id=patient_id or given.get("patient_id"),
        course_id=given.get("course_id"),
        phase_minutes=given.get("phase_minutes") or {},
    )


def ignored_appointment(caller: Caller, given: Mapping[str, Any]) -> UUID | None:
    """Read the appointment whose own time counts as free; NotFound when the clinic does not have it."""
    ignored: UUID | None = given.get("ignore_appointment_id")
    if ignored is not None:
        visit = get_appointment(caller, ignored, pointer="/ignore_appointment_id")
        if caller.publishable and visit.procedure_id != given["procedure_id"]:
            # A visit may move although its procedure is not offered online; no other such visit is asked for.
            raise NotFound("procedure", "/procedure_id")
    return ignored


def require_linked(caller: Caller, given: Mapping[str, Any]) -> None:
    """Let the holder of a link ask about its own visit alone: NotFound for another procedure."""
    if caller.token is None or caller.token.appointment_id is None:
        return
    visit = get_appointment(caller, caller.token.appointment_id)
    if visit.procedure_id != given["procedure_id"]:
        raise NotFound("procedure", "/procedure_id")


def refuse_for_widgets(
    caller: Caller, given: Mapping[str, Any], names: Iterable[str], *, at: str = "/"
) -> None:
    """Refuse what a widget's visitor may not decide: 422 that names each field that was given."""
    if caller.publishable:
        found = [name for name in names if given.get(name) not in _LEFT_OUT]
        if found:
            raise malformed([(f"{at}{name}", "Not for a booking token or a link.") for name in found])


def override_of(body: Mapping[str, Any]) -> Override | None:
    """Read a body's override; None when it has none."""
    given = body.get("override")
    return Override(frozenset(given["codes"]), given["reason"]) if given else None


def shown_verdict(caller: Caller, verdict: Verdict) -> dict[str, Any]:
    """Show whether a visit can take place, with every reason against it that the caller may see."""
    return {
        "bookable": not verdict.refusals,
        "refusals": told(verdict.refusals),
        "warnings": () if caller.publishable else verdict.warnings,
    }
