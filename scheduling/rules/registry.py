"""Lists the rules of a visit, each a small function from a case to masks."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from scheduling.bits import erode, erode_all
from scheduling.case import Case, Mask
from scheduling.hours import grid_bits
from scheduling.reasons import refuse
from scheduling.rules.clinical import clinical, numbing_works, one_area
from scheduling.rules.resources import places_fit, staff_fits
from scheduling.ticks import ceil_tick, floor_tick

Rule = Callable[[Case], Iterable[Mask]]


def _plain(code: str, allowed: int) -> Mask:
    """Return a mask whose reason is its code alone."""
    return Mask(code, allowed, lambda _: (refuse(code),))


def in_time(case: Case) -> Iterator[Mask]:
    """Allow arrivals from the present tick on, after the minimum notice and within the horizon.

    The five minutes that are running count as now, so that who walks in at 10:02 arrives at 10:00. A notice
    is counted from `now` itself.
    """
    scene = case.scene
    window, policy, now = scene.window, scene.question.location.policy, scene.question.now
    notice, present = policy.min_notice_minutes, floor_tick(now)
    noticed = ceil_tick(now + timedelta(minutes=notice)) if notice else present
    too_far = scene.days.midnight(scene.today + timedelta(days=policy.horizon_days + 1))
    yield _plain("in_the_past", window.span(present, window.end))
    yield _plain("min_notice", window.full & ~window.span(present, noticed))
    yield _plain("beyond_horizon", window.span(window.start, too_far))


def on_the_grid(case: Case) -> Iterator[Mask]:
    """Allow arrivals at the local minutes of the day that the location's grid has."""
    scene = case.scene
    yield _plain("off_grid", grid_bits(scene.question.location.policy.grid_minutes, scene.days))


def within_opening_hours(case: Case) -> Iterator[Mask]:
    """Keep every phase, turnover included, within opening hours and outside closures and holidays."""
    scene = case.scene
    yield _plain("outside_opening_hours", erode_all(scene.opening, scene.visit.busy))
    yield _plain("location_closed", erode_all(scene.window.full & ~scene.closed, scene.visit.busy))


def patient_is_free(case: Case) -> Iterator[Mask]:
    """Allow arrivals at which the patient has no other visit between arriving and leaving."""
    window, patient = case.scene.window, case.scene.question.patient
    if patient is not None:
        free = window.full & ~window.spans(patient.busy)
        yield _plain("patient_busy", erode(free, 0, case.scene.visit.leaves))


RULES: tuple[Rule, ...] = (
    in_time,
    on_the_grid,
    within_opening_hours,
    patient_is_free,
    one_area,
    numbing_works,
    clinical,
    staff_fits,
    places_fit,
)
