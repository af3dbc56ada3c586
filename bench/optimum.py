"""Compares how many online requests we place with the optimum, and with blocking for the whole visit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from ortools.sat.python import cp_model

from bench.day import (
    CLOSES,
    DISTRIBUTION,
    OPENS,
    Request,
    Team,
    compact,
    earliest,
    play,
    requests,
    whole_visit,
)
from bench.engine import face_standard
from scheduling.catalog import Procedure
from scheduling.ticks import TICK_MINUTES
from scheduling.visits import lay_out

TEAMS = (
    (Team("1 therapist, 2 rooms, 2 bays", 1, 2, 2), 2.5),
    (Team("M: 6 staff, 3 rooms, 3 bays", 6, 3, 3), 1.5),
)
"""The clinics, and the least factor by which we should place more visits than a blocking system."""

SHARE = 0.9
SEEDS = (1, 2, 3)
SECONDS, WORKERS = 20, 2
HEADER = (
    f"{'visits placed':32}{'seed':>5}{'compact':>9}{'earliest':>10}{'blocking':>10}{'+compact':>10}"
    f"{'CP-SAT':>8}{'bound':>7}{'status':>10}{'s':>6}{'of bound':>8}{'x':>7}"
)


@dataclass(frozen=True, slots=True)
class Optimum:
    """CP-SAT's result: the visits that it placed in its time, and the most that it proved possible."""

    status: str
    placed: int
    bound: int
    seconds: float


def optimum(team: Team, procedure: Procedure, asked: Sequence[Request], hint: Mapping[int, int]) -> Optimum:
    """Place as many of the requests as CP-SAT can within its time; `hint` has arrivals that work.

    All lanes of a kind are alike, so that it is enough to count the visits in them at any time.
    """
    visit, model = lay_out(procedure), cp_model.CpModel()
    has = {"therapist": team.therapists, "treatment": team.rooms, "numbing": team.bays}
    taken: dict[str, list[cp_model.IntervalVar]] = {kind: [] for kind in has}
    chosen = []
    for number, (first, until) in enumerate(asked):
        last = min(until - 1, CLOSES - visit.length)
        if last < first:
            continue
        start = model.new_int_var(first - OPENS, last - OPENS, f"start {number}")
        ways = [model.new_bool_var(f"way {number} {way}") for way in range(len(visit.paths))]
        placed = model.new_bool_var(f"placed {number}")
        model.add(sum(ways) == placed)
        model.add_hint(placed, number in hint)
        model.add_hint(start, hint.get(number, first) - OPENS)
        chosen.append(placed)
        for begins, ends in visit.therapist:
            taken["therapist"].append(_stay(model, start, begins, ends, placed))
        for way, path in zip(ways, visit.paths, strict=True):
            for run in path:
                taken[run.kind].append(_stay(model, start, run.start, run.end, way))
    for kind, stays in taken.items():
        model.add_cumulative(stays, [1] * len(stays), has[kind])
    model.maximize(sum(chosen))
    return _solved(model)


def _stay(
    model: cp_model.CpModel, start: cp_model.IntVar, begins: int, ends: int, taken: cp_model.IntVar
) -> cp_model.IntervalVar:
    return model.new_optional_fixed_size_interval_var(start + begins, ends - begins, taken, "")


def _solved(model: cp_model.CpModel) -> Optimum:
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = SECONDS
    solver.parameters.num_workers = WORKERS
    solver.parameters.random_seed = 1
    begun = perf_counter()
    status = solver.solve(model)
    placed, bound = round(solver.objective_value), math.floor(solver.best_objective_bound + 1e-6)
    return Optimum(solver.status_name(status), placed, bound, perf_counter() - begun)


def main() -> None:
    """Print for each clinic and seed what is placed, and the ratios beside their floors."""
    print(DISTRIBUTION)
    procedure = face_standard()
    whole = whole_visit(lay_out(procedure).length * TICK_MINUTES)
    print(HEADER)
    for team, floor in TEAMS:
        rows = [_row(team, procedure, whole, seed) for seed in SEEDS]
        ours, bound, blocking = (sum(column) for column in zip(*rows, strict=True))
        print(
            f"{team.name}: {ours / bound:.1%} of the proven bound (floor {SHARE:.0%}), "
            f"{ours / blocking:.2f} times the blocking system (floor {floor})"
        )


def _row(team: Team, procedure: Procedure, whole: Procedure, seed: int) -> tuple[int, int, int]:
    """Print a day; give the visits placed by us, the bound, and the better of two blocking systems."""
    asked = requests(seed)
    booked = play(team, procedure, asked, compact)
    ours, first = len(booked), len(play(team, procedure, asked, earliest))
    blocking, packed = (len(play(team, whole, asked, rank)) for rank in (earliest, compact))
    best = optimum(team, procedure, asked, booked)
    print(
        f"{team.name:32}{seed:5}{ours:9}{first:10}{blocking:10}{packed:10}{best.placed:8}{best.bound:7}"
        f"{best.status:>10}{best.seconds:6.1f}{ours / best.bound:8.1%}{ours / max(blocking, packed):7.2f}"
    )
    return ours, best.bound, max(blocking, packed)


if __name__ == "__main__":
    main()
