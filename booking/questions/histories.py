"""Loads the histories of patients: treatments they had, visits they have booked, and medical holds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select, text

from booking.core.caller import Caller
from booking.core.errors import NotFound
from booking.core.merged import refuse_merged
from booking.questions.catalog import ClinicCatalog
from booking.questions.visit_requests import VisitRequest, ask, require_own_patient
from models import Appointment
from models.statuses import ENTRIES_OPEN, GONE
from scheduling.catalog import Procedure
from scheduling.clinical import CONSULTATION, CONSULTATION_FAMILY, FAMILIES_OF_EVENT
from scheduling.questions import CourseOf, MedicalHold, Patient, Question
from scheduling.questions import Session as Treatment
from scheduling.ticks import ceil_tick, floor_tick

_PEOPLE = text(f"""
    SELECT p.id, p.born_on, p.skin_type,
           (SELECT jsonb_agg(jsonb_build_array(t.id, t.event, t.areas, t.treated_on) ORDER BY t.id)
            FROM external_treatments t WHERE t.clinic_id = p.clinic_id AND t.patient_id = p.id) AS treatments,
           (SELECT jsonb_agg(jsonb_build_array(
                h.id, h.code, h.opened_on, h.areas, h.resolved_on, h.earliest_on, h.signed_off IS NOT NULL)
                ORDER BY h.id)
            FROM medical_holds h WHERE h.clinic_id = p.clinic_id AND h.patient_id = p.id) AS holds,
           EXISTS (SELECT FROM waitlist_entries w WHERE w.clinic_id = p.clinic_id AND w.patient_id = p.id
                   AND w.status IN {ENTRIES_OPEN}) AS waits
    FROM patients p WHERE p.clinic_id = :clinic_id AND p.id = ANY(:ids)
      AND p.merged_into_id IS NULL AND p.anonymised_at IS NULL
""")  # noqa: S608 - no part comes from a request
_COLUMNS = f"""
    SELECT a.patient_id, a.id, a.location_id, a.starts_at, a.ends_at, a.procedure_id,
           COALESCE(a.present_from, a.starts_at) AS present_from,
           CASE WHEN a.status IN ('numbing', 'in_progress')
                THEN GREATEST(
                    COALESCE(a.present_until, a.ends_at), LEAST(CAST(:now AS timestamptz), a.closes_at)
                )
                ELSE a.present_until END AS present_until,
           COALESCE(a.performed_on, a.local_date) AS counts_from, a.status_since,
           a.areas, a.therapist_id, a.status, a.overrides, a.flags <> '[]' AS flagged,
           a.phase_minutes, a.course_id, c.template_id, c.status = 'completed' AS completed
    FROM appointments a LEFT JOIN courses c ON c.clinic_id = a.clinic_id AND c.id = a.course_id
    WHERE a.clinic_id = :clinic_id AND a.status NOT IN {GONE}
      AND (a.status <> 'held' OR a.expires_at > CAST(:held_at AS timestamptz))
"""  # noqa: S608 - no part comes from a request
_VISITS = text(f"{_COLUMNS} AND a.patient_id = ANY(:ids) ORDER BY a.starts_at")
_HOLDS = text(f"{_COLUMNS} AND a.id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class History:
    """A patient as the engine sees them without visits, and their live visits as rows in order of time.

    `waits` says that the patient has an open entry on the waitlist.
    """

    person: Patient
    visits: tuple[Any, ...]
    catalog: ClinicCatalog
    waits: bool = False

    def patient(self, *ignored: UUID | None) -> Patient:
        """Give the patient with all visits except those ignored."""
        visits = [visit for visit in self.visits if visit.id not in ignored]
        here = tuple(_visited(self.catalog, visit) for visit in visits)
        busy = tuple(
            (floor_tick(visit.present_from), ceil_tick(visit.present_until or visit.ends_at))
            for visit in visits
        )
        return replace(self.person, busy=busy, sessions=here + self.person.sessions)

    def beside(self, visits: Sequence[Any]) -> Self:
        """Give the same history with further visits, which are rows of the same query."""
        return replace(self, visits=(*self.visits, *visits))

    def course_of(self, appointment_id: UUID) -> CourseOf | None:
        """Give the course that a visit of the patient belongs to, or None."""
        return next((_course(self.catalog, one) for one in self.visits if one.id == appointment_id), None)


def load_patient(
    caller: Caller, catalog: ClinicCatalog, patient_id: UUID, ignore: UUID | None = None
) -> Patient:
    """Give a patient with all visits and live slot holds except the ignored visit, or raise NotFound."""
    return load_history(caller, catalog, patient_id).patient(ignore)


def ask_with_history(
    caller: Caller,
    catalog: ClinicCatalog,
    request: VisitRequest,
    ignore: UUID | None = None,
    beside: Sequence[UUID] = (),
) -> Question:
    """Ask for a visit of the named patient, if one is named, with all that the patient has had.

    `ignore` is a booked visit that is to move: it is left out, it keeps the lengths that were chosen for it
    unless the request names others, and its procedure may have retired since. `beside` are holds without a
    patient that count as visits of this patient.
    """
    patient = None
    require_own_patient(caller, request.patient_id)
    if request.patient_id is not None:
        history = load_history(caller, catalog, request.patient_id)
        patient = (history.beside(_holds(caller, beside)) if beside else history).patient(ignore)
    if ignore is not None and request.kept_minutes is None:
        request = replace(request, kept_minutes=_chosen_minutes(caller, ignore, request.procedure_id))
    even = [request.procedure_id] if ignore else ()
    return ask(caller, catalog, request, patient, even=even, moves=ignore is not None)


def _chosen_minutes(caller: Caller, appointment_id: UUID, procedure_id: UUID) -> dict[str, int]:
    """Give the lengths that were chosen for a visit, if the visit is for this procedure."""
    statement = select(Appointment.phase_minutes).where(
        Appointment.clinic_id == caller.clinic_id,
        Appointment.id == appointment_id,
        Appointment.procedure_id == procedure_id,
    )
    return caller.session.scalar(statement) or {}


def load_history(
    caller: Caller, catalog: ClinicCatalog, patient_id: UUID, *, with_holds: bool = True
) -> History:
    """Give a patient's history; NotFound for an unknown patient, Merged or Anonymised for one who is gone."""
    found = load_histories(caller, catalog, [patient_id], with_holds=with_holds)
    if patient_id not in found:
        refuse_merged(caller, patient_id)
        raise NotFound("patient", "/patient_id")
    return found[patient_id]


def load_histories(
    caller: Caller, catalog: ClinicCatalog, patients: Iterable[UUID], *, with_holds: bool = True
) -> Mapping[UUID, History]:
    """Give the histories of many patients by two queries.

    `with_holds` counts slot holds that are live by the real clock among the visits. Leave them out to
    judge booked visits: a booked visit is never judged by a hold that may be gone in minutes.
    """
    whose = {
        "clinic_id": caller.clinic_id,
        "ids": list(patients),
        "held_at": caller.real_now if with_holds else None,
        "now": caller.now,
    }
    visits: defaultdict[UUID, list[Any]] = defaultdict(list)
    for visit in caller.session.execute(_VISITS, whose):
        visits[visit.patient_id].append(visit)
    people = caller.session.execute(_PEOPLE, whose)
    return {
        row.id: History(_person(catalog, row), tuple(visits[row.id]), catalog, row.waits) for row in people
    }


def _holds(caller: Caller, ids: Sequence[UUID]) -> Sequence[Any]:
    """Give live holds as rows of a history."""
    these = {"clinic_id": caller.clinic_id, "ids": list(ids), "now": caller.now, "held_at": caller.real_now}
    return caller.session.execute(_HOLDS, these).all()


def _person(catalog: ClinicCatalog, row: Any) -> Patient:  # noqa: ANN401 - a row of the query
    return Patient(
        id=row.id,
        sessions=tuple(_elsewhere(catalog, *values) for values in row.treatments or ()),
        medical_holds=tuple(_medical_hold(*values) for values in row.holds or ()),
        born_on=row.born_on,
        skin_type=row.skin_type,
    )


def _elsewhere(catalog: ClinicCatalog, treatment_id: str, event: str, areas: list[str], on: str) -> Treatment:
    return Treatment(
        appointment_id=None,
        on=date.fromisoformat(on),
        procedure="",
        family="",
        event=event,
        areas=tuple(areas),
        performed=True,
        treatment_id=UUID(treatment_id),
        counts_like=_families(catalog, event),
    )


def _families(catalog: ClinicCatalog, event: str) -> tuple[str, ...]:
    """Give the families that an event elsewhere counts as: the default families and the clinic's own."""
    if event == CONSULTATION:
        talks = (one.family for one in catalog.engine.procedures.values() if _is_talk(one))
        return tuple(dict.fromkeys((CONSULTATION_FAMILY, *talks)))
    known = FAMILIES_OF_EVENT.get(event)
    if known is None:
        return ()
    own = (one.family for one in catalog.engine.procedures.values() if one.counts_as == event)
    return tuple(dict.fromkeys((*known, *own)))


def _is_talk(procedure: Procedure) -> bool:
    return procedure.has("consultation") and not procedure.has("procedure")


def _medical_hold(
    hold_id: str,
    code: str,
    opened_on: str,
    areas: list[str],
    resolved_on: str | None,
    earliest_on: str | None,
    signed_off: bool,
) -> MedicalHold:
    return MedicalHold(
        id=UUID(hold_id),
        code=code,
        opened_on=date.fromisoformat(opened_on),
        areas=tuple(areas),
        resolved_on=None if resolved_on is None else date.fromisoformat(resolved_on),
        earliest_on=None if earliest_on is None else date.fromisoformat(earliest_on),
        signed_off=signed_off,
    )


def _visited(catalog: ClinicCatalog, visit: Any) -> Treatment:  # noqa: ANN401 - a row of the query
    procedure = catalog.engine.procedures[visit.procedure_id]
    # Other visits keep their distance from a slot hold, but none may require it: it may be gone in minutes.
    held = visit.status == "held"
    return Treatment(
        appointment_id=visit.id,
        on=visit.counts_from,
        procedure=procedure.code,
        family=procedure.family,
        event=procedure.counts_as,
        areas=tuple(visit.areas),
        performed=visit.status == "completed",
        ends=None if held else ceil_tick(_end_of(visit)),
        requires=frozenset() if held else frozenset(one.family for one in procedure.prerequisites),
        course=_course(catalog, visit),
    )


def _end_of(visit: Any) -> datetime:  # noqa: ANN401 - a row of the query
    """Give when a performed visit really ended, and when any other visit is planned to end."""
    really: datetime | None = visit.status_since if visit.status == "completed" else None
    return really or visit.ends_at


def _course(catalog: ClinicCatalog, visit: Any) -> CourseOf | None:  # noqa: ANN401 - a row of the query
    if visit.course_id is None:
        return None
    template = catalog.engine.course_templates.get(visit.template_id)
    return CourseOf(visit.course_id, template, visit.completed)
