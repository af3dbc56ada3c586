"""Finds other staff, rooms or times for the visits of a disruption, each beside the others."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from typing import Final
from uuid import UUID

from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.questions.catalog import ClinicCatalog
from booking.questions.histories import History
from booking.questions.overrides import waivers
from booking.questions.visit_requests import question_of
from booking.questions.windows import arrivals, day_of
from models.statuses import NOT_BEGUN, TO_COME
from scheduling.bits import Busy, Window, occupy, positions
from scheduling.engine import check, search
from scheduling.questions import Patient, Question, Verdict
from scheduling.reasons import CLINICAL
from scheduling.ticks import local_date, to_tick
from scheduling.travel import ways_of

DAYS: Final = 14
# A visit that keeps its time was judged by these rules when it was booked.
_OF_TIME: Final = frozenset({"in_the_past", "min_notice", "beyond_horizon", "off_grid"})
_COVERED: Final = CLINICAL | {"outside_opening_hours"}

Pin = tuple[UUID | None, UUID | None]
"""A therapist and a room that a visit must have; None for any."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place for a visit: the tick of its arrival, and the question with its verdict at that tick."""

    visit: Visit
    question: Question
    verdict: Verdict
    start: int

    @property
    def possible(self) -> bool:
        """Whether the visit can take place there."""
        return self.verdict.assignment is not None

    @property
    def minutes_moved(self) -> int:
        """How many minutes later the patient comes; negative for earlier."""
        return (self.start - to_tick(self.visit.appointment.starts_at)) * 5

    @property
    def room_id(self) -> UUID | None:
        """The room of the treatment."""
        rooms = [one.room_id for one in self.verdict.assignment.phases] if self.verdict.assignment else []
        return rooms[self.visit.main_place] if rooms else None


@dataclass
class Relocation:
    """Gives visits new places, one after the other, and keeps account of the busy time meanwhile.

    `busy` is what all visits take in the window, `own` what each of these visits takes, `blocked` what no
    visit may take. `ways` are the ways of staff that each of these visits takes. No proposal uses the present
    time of another visit, so any of them can be accepted.
    """

    caller: Caller
    catalog: ClinicCatalog
    histories: Mapping[UUID, History]
    window: Window
    busy: Busy
    own: Mapping[UUID, Busy]
    ways: Mapping[UUID, Busy]
    blocked: Busy
    resource_id: UUID | None = None
    placed: dict[UUID, Proposal] = field(default_factory=dict)
    taken: dict[tuple[UUID, int], int] = field(init=False)

    def __post_init__(self) -> None:
        self.keep(())

    def plan(self, visits: Sequence[Visit]) -> dict[UUID, Proposal]:
        """Propose a place for each visit; an impossible proposal has the refusals at the visit's own time."""
        ready = [one for one in visits if one.appointment.status in NOT_BEGUN]
        found = {one.appointment.id: self._take(self._stay(one)) for one in ready}
        for visit in ready:
            if not found[visit.appointment.id].possible and self._may_move(visit):
                moved = self._take(self._move(visit))
                found[visit.appointment.id] = moved if moved.possible else found[visit.appointment.id]
        return found

    def keep(self, appointment_ids: Collection[UUID]) -> None:
        """Forget all proposals except those for these appointments."""
        kept = [one for key, one in self.placed.items() if key in appointment_ids]
        self.placed, self.taken = {}, dict(self.blocked)
        for proposal in kept:
            self._take(proposal)

    def covers(self, visit: Visit, start: int) -> bool:
        """Whether the day of an arrival lies in the window for which busy time was loaded."""
        question = self._question(visit)
        on = day_of(question, start)
        return self.window.start <= on.start and on.end <= self.window.end

    def judge(self, visit: Visit, start: int, pin: Pin, freed: Collection[UUID]) -> Proposal:
        """Judge a place that the desk has chosen, as if the freed visits were gone."""
        stays = start == to_tick(visit.appointment.starts_at)
        question = self._booked_question(visit) if stays else self._question(visit)
        choices = [(pin[0] or kept[0], pin[1] or kept[1]) for kept in self._pins(visit)]
        return self._take(self._judge(visit, question, start, choices, freed))

    def _take(self, proposal: Proposal) -> Proposal:
        if proposal.verdict.assignment is not None:
            self.placed[proposal.visit.appointment.id] = proposal
            claims, engine = proposal.verdict.assignment.claims, self.catalog.engine
            ways = ways_of(claims, proposal.question.location.id, engine)
            occupy(self.taken, self.window, (*claims, *ways))
        return proposal

    def _may_move(self, visit: Visit) -> bool:
        appointment = visit.appointment
        return appointment.status in TO_COME and appointment.location_id not in self.catalog.retired

    def _stay(self, visit: Visit) -> Proposal:
        start, freed = to_tick(visit.appointment.starts_at), {visit.appointment.id}
        return self._judge(visit, self._booked_question(visit), start, self._pins(visit), freed)

    def _move(self, visit: Visit) -> Proposal:
        """Propose the nearest time on the same day or, if there is none, within the days around it.

        Of two times that are equally near, propose the later time; the therapist stays if possible.
        """
        question, freed = self._question(visit), {visit.appointment.id}
        start = to_tick(visit.appointment.starts_at)
        for window in self._searches(visit, question):
            openings = search(question, self.catalog.engine, self._busy(window, freed), window)
            if openings.starts:
                free = (window.start + place for place in positions(openings.starts))
                nearest = min(free, key=lambda tick: (abs(tick - start), -tick))
                return self._judge(visit, question, nearest, self._pins(visit), freed)
        return Proposal(visit, question, Verdict((), (), None), start)

    def _searches(self, visit: Visit, question: Question) -> Iterator[Window]:
        zone, now = question.location.zone, self.caller.now
        on, today = local_date(to_tick(visit.appointment.starts_at), zone), now.astimezone(zone).date()
        around = max(on - timedelta(days=DAYS), today), on + timedelta(days=DAYS + 1)
        for first, until in ((on, on + timedelta(days=1)), around):
            if today <= first < until:
                yield arrivals(question, first, until, now)

    def _judge(
        self, visit: Visit, question: Question, start: int, pins: Iterable[Pin], freed: Collection[UUID]
    ) -> Proposal:
        """Propose the first of the pins that is possible, or give the refusals of the last."""
        window = day_of(question, start)
        busy = self._busy(window, freed)
        for therapist_id, room_id in dict.fromkeys(pins):
            asked = replace(question, therapist_id=therapist_id, room_id=room_id)
            verdict = check(asked, self.catalog.engine, busy, start, window)
            if asked.is_booked and verdict.refusals:
                verdict = self._as_allowed(visit, asked, verdict, busy, start, window)
            if verdict.assignment is not None:
                break
        return Proposal(visit, asked, verdict, start)

    def _as_allowed(
        self, visit: Visit, question: Question, verdict: Verdict, busy: Busy, start: int, window: Window
    ) -> Verdict:
        """Judge a visit that keeps its time once more, with what its overrides allow at that time."""
        history = self._history(visit)
        allowed = waivers(visit.appointment, history.visits if history is not None else ())
        codes = {one.code for one in verdict.refusals}
        if not codes <= _COVERED or not all(allowed.cover(one) for one in verdict.refusals):
            return verdict
        return check(
            replace(question, waived=question.waived | codes), self.catalog.engine, busy, start, window
        )

    def _pins(self, visit: Visit) -> list[Pin]:
        """Give what the visit may keep: therapist and room first, then either, then neither."""
        kept = visit.appointment.therapist_id, visit.main_phase.room_id
        therapists, rooms = ([one, None] if one not in {None, self.resource_id} else [None] for one in kept)
        return list(product(therapists, rooms))

    def _booked_question(self, visit: Visit) -> Question:
        return replace(self._question(visit), is_booked=True, waived=_OF_TIME)

    def _question(self, visit: Visit) -> Question:
        history = self._history(visit)
        patient = self._patient(visit, history) if history else None
        course = history.course_of(visit.appointment.id) if history else None
        return question_of(self.caller, self.catalog, visit.appointment, patient, course)

    def _history(self, visit: Visit) -> History | None:
        patient_id = visit.appointment.patient_id
        return None if patient_id is None else self.histories[patient_id]

    def _patient(self, visit: Visit, history: History) -> Patient:
        """Give the patient with their other visits at their present times and at their proposed times."""
        patient, own_id = history.patient(visit.appointment.id), visit.appointment.id
        others = [
            one
            for key, one in self.placed.items()
            if key != own_id and one.visit.appointment.patient_id == patient.id
        ]
        for one in others:
            ends = one.start + one.question.visit.leaves
            on = local_date(one.start, one.question.location.zone)
            sessions = tuple(
                replace(session, on=on, ends=ends)
                if session.appointment_id == one.visit.appointment.id
                else session
                for session in patient.sessions
            )
            patient = replace(patient, busy=(*patient.busy, (one.start, ends)), sessions=sessions)
        return patient

    def _busy(self, window: Window, freed: Collection[UUID]) -> Busy:
        """Cut a window out of the busy time, without what the freed visits take now."""
        offset, taken = window.start - self.window.start, dict(self.taken)
        free: dict[tuple[UUID, int], int] = {}
        for appointment_id in freed:
            for lane, bits in self.own.get(appointment_id, {}).items():
                free[lane] = free.get(lane, 0) | bits
        # Ways may overlap, unlike claims: so they are added for visits that stay, not taken away for others.
        for appointment_id in self.ways.keys() - freed:
            for way, bits in self.ways[appointment_id].items():
                taken[way] = taken.get(way, 0) | bits
        return {
            lane: (self.busy.get(lane, 0) & ~free.get(lane, 0) | taken.get(lane, 0)) >> offset & window.full
            for lane in {**self.busy, **taken}
        }
