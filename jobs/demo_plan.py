"""Plans the demo clinic's visits: who comes, when, and how each visit ends; the same in every run."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

# Defaults of table b9: what share of visits falls on each weekday, Monday first.
_WEEKDAY_SHARES: Final = (9, 14, 16, 17, 20, 20, 4)
_CANCELLED, _NO_SHOW, _MOVED = 0.16, 0.05, 0.03
_MORNINGS: Final = 0.61
_MEDIAN_LEAD_DAYS, _LEAD_SIGMA, _AT_SHORT_NOTICE = 8.0, 1.0, 0.15
# Short leads make some cancellations late by themselves; with this share besides, a third is late.
_LATE_CANCELLATIONS: Final = 0.28
_NEW_PATIENTS: Final = 0.12
_ESTABLISHED: Final = 0.3
_REVIEWED: Final = 0.35
_COMES_BACK: Final = 0.6
_SLOW: Final = frozenset({"RF_MN_FACE", "MN_FACE_DEEP"})
# What a course treats: procedure, areas, weight.
_COURSES: Final = (
    ("MN_FACE_STD", (), 60), ("MN_FACE_NECK", (), 11), ("MN_SCALP", (), 11), ("MN_FACE_PRP", (), 7),
    ("RF_MN_FACE", (), 5), ("MN_FACE_SUP", (), 3), ("MN_BODY_ZONE", ("ABDOMEN",), 2), ("MN_FACE_DEEP", (), 1),
)  # fmt: skip
_DAYS_A_MONTH: Final = 365 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How many days before and after the dividing instant are filled, and how densely at each location."""

    past_days: int = 61
    ahead_days: int = 31
    visits_a_month: int = 283


@dataclass(frozen=True, slots=True)
class Site:
    """A location as far as the plan needs it: its zone and the weekdays (0 is Monday) on which it opens."""

    zone: ZoneInfo
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVisit:
    """A visit to try to book.

    `site` is the number of the location; `booked_at` (aware) is the simulated instant of booking, `notice`
    the time between the cancellation of a `cancelled` visit and the visit. `fate` is performed, cancelled,
    no_show or moved.
    """

    patient: int
    site: int
    procedure: str
    areas: tuple[str, ...]
    on: date
    morning: bool
    booked_at: datetime
    fate: str
    notice: timedelta


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    """A patient who should come again, at the earliest on a date; `since` is the date of the visit before."""

    on: date
    patient: int
    procedure: str
    course: str
    areas: tuple[str, ...]
    since: date


def draw_up(sites: Sequence[Site], made_at: datetime, scale: Scale, seed: int) -> list[PlannedVisit]:
    """Plan every visit in order of date; patients count from 1 and keep to one location.

    Patient 0 gets only a first consultation, long enough ago for a treatment to be booked by hand.
    """
    drafts = [_Draft(sites, number, made_at, scale, seed) for number in range(len(sites))]
    visits = [visit for draft in drafts for visit in draft.visits()]
    first = made_at.astimezone(sites[0].zone).date() - timedelta(days=scale.past_days)
    consultation = _Due(first, 0, "CONSULT_NEW", "MN_FACE_STD", (), date.min)
    by_date = sorted(visits, key=lambda visit: (visit.on, visit.site))
    return [drafts[0].performed(consultation), *by_date]


class _Draft:
    """The plan of a location in the making: its own random numbers, and its patients by due date."""

    def __init__(
        self, sites: Sequence[Site], number: int, made_at: datetime, scale: Scale, seed: int
    ) -> None:
        self.site, self.number, self.stride = sites[number], number, len(sites)
        self.made_at, self.scale = made_at, scale
        self.chance = Random(f"{seed}-{number}")
        self.due: list[_Due] = []
        self.patients = 0

    def visits(self) -> Iterator[PlannedVisit]:
        """Plan day by day: patients who are due come, and new patients fill the rest."""
        today = self.made_at.astimezone(self.site.zone).date()
        yield from self._established(today - timedelta(days=self.scale.past_days))
        for days in range(-self.scale.past_days, self.scale.ahead_days):
            on = today + timedelta(days=days)
            for _ in range(self._demand(on)):
                yield self._come(on)

    def _established(self, first: date) -> Iterator[PlannedVisit]:
        """Plan consultations before the first day for some patients, who are then due soon after it."""
        for _ in range(int(self.scale.visits_a_month * _ESTABLISHED)):
            on = first - timedelta(days=self.chance.randint(7, 90))
            while on.weekday() not in self.site.weekdays:
                on += timedelta(days=1)
            patient = self._new_patient(on)
            self._push(patient, first, self.chance.randint(0, 34), patient.course)
            yield self.performed(patient)

    def _demand(self, on: date) -> int:
        if on.weekday() not in self.site.weekdays:
            return 0
        a_week = self.scale.visits_a_month * 7 / _DAYS_A_MONTH
        share = _WEEKDAY_SHARES[on.weekday()] / sum(_WEEKDAY_SHARES[day] for day in self.site.weekdays)
        return int(a_week * share * self.chance.uniform(0.8, 1.2) + self.chance.random())

    def _come(self, on: date) -> PlannedVisit:
        someone_is_due = bool(self.due) and self.due[0].on <= on
        if not someone_is_due or self.chance.random() < _NEW_PATIENTS:
            visit = self._visit(self._new_patient(on), on)
        else:
            visit = self._visit(heapq.heappop(self.due), on)
        return visit

    def _new_patient(self, on: date) -> _Due:
        self.patients += 1
        patient = 1 + self.number + self.stride * (self.patients - 1)
        course, areas, _ = self.chance.choices(_COURSES, [weight for *_, weight in _COURSES])[0]
        return _Due(on, patient, "CONSULT_NEW", course, areas, date.min)

    def performed(self, due: _Due) -> PlannedVisit:
        """Plan a visit that takes place."""
        return self._planned(due, due.on, "performed", timedelta())

    def _visit(self, due: _Due, on: date) -> PlannedVisit:
        notice = self._notice()
        fate = self._fate()
        noon = datetime.combine(on, time(12), self.site.zone)
        if fate == "cancelled" and noon - notice > self.made_at:
            # The cancellation would lie in the future, so it has not happened yet.
            fate = "performed"
        self._again(due, on, fate)
        return self._planned(due, on, fate, notice)

    def _planned(self, due: _Due, on: date, fate: str, notice: timedelta) -> PlannedVisit:
        return PlannedVisit(
            patient=due.patient,
            site=self.number,
            procedure=due.procedure,
            areas=due.areas if due.procedure == due.course else (),
            on=on,
            morning=self.chance.random() < _MORNINGS,
            booked_at=self._booked_at(due, on),
            fate=fate,
            notice=notice,
        )

    def _fate(self) -> str:
        fates = {"cancelled": _CANCELLED, "no_show": _NO_SHOW, "moved": _MOVED}
        rest = 1 - sum(fates.values())
        return self.chance.choices(["performed", *fates], [rest, *fates.values()])[0]

    def _notice(self) -> timedelta:
        if self.chance.random() < _LATE_CANCELLATIONS:
            return timedelta(hours=self.chance.uniform(1, 48))
        return timedelta(days=self.chance.uniform(2, 12))

    def _booked_at(self, due: _Due, on: date) -> datetime:
        """Draw when the visit is booked: after the patient's last visit, and before the clinic was made."""
        lead = self.chance.lognormvariate(0, _LEAD_SIGMA) * _MEDIAN_LEAD_DAYS
        if self.chance.random() < _AT_SHORT_NOTICE:
            lead = self.chance.randint(0, 1)
        if due.procedure == due.course and due.since > date.min:
            lead = (on - due.since).days
        longest = (on - due.since).days if due.since > date.min else 60
        booked_on = on - timedelta(days=min(int(lead), longest))
        hours = self.chance.uniform(0, 2) if booked_on == on else self.chance.uniform(0, 14)
        booked_at = datetime.combine(booked_on, time(8), self.site.zone) + timedelta(hours=hours)
        return min(booked_at.replace(microsecond=0), self.made_at)

    def _again(self, due: _Due, on: date, fate: str) -> None:
        """Make the patient due again: soon after a visit that did not take place, else by the course."""
        if fate == "cancelled":
            self._push(due, on, self.chance.randint(3, 14), due.procedure)
        elif fate == "no_show" and self.chance.random() < _COMES_BACK:
            self._push(due, on, self.chance.randint(7, 21), due.procedure)
        elif fate in {"performed", "moved"}:
            self._go_on(due, on)

    def _go_on(self, due: _Due, on: date) -> None:
        if due.procedure == "CONSULT_NEW":
            self._push(due, on, self.chance.randint(2, 14), due.course)
        elif due.procedure == due.course:
            gap = self.chance.randint(42, 52) if due.course in _SLOW else self.chance.randint(28, 42)
            self._push(due, on, gap, due.course)
            if self.chance.random() < _REVIEWED:
                self._push(due, on, self.chance.randint(12, 20), "REVIEW")

    def _push(self, due: _Due, on: date, days: int, procedure: str) -> None:
        again = _Due(on + timedelta(days=days), due.patient, procedure, due.course, due.areas, on)
        heapq.heappush(self.due, again)
