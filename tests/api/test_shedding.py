"""Seats of searches: how many a clinic may take, who goes first, and who is turned away at once."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID, uuid4

import pytest

from api.problems import Problem
from api.shedding import DEAR, Seats

CLINIC, NEIGHBOUR, THIRD = uuid4(), uuid4(), uuid4()


def refused(seats: Seats, clinic_id: UUID = CLINIC, *, cost: int = 1, widget: bool = False) -> bool:
    """Whether a search is turned away."""
    try:
        with seats.taken(clinic_id, cost=cost, widget=widget):
            return False
    except Problem as problem:
        return (problem.code, problem.headers) == ("overloaded", {"Retry-After": "1"})


def searches_of(seats: Seats) -> int:
    """Count the clinic's searches that run or wait."""
    return seats._places[CLINIC]  # noqa: SLF001 - who waits is seen by nobody else


def test_a_clinics_searches_leave_seats_to_others() -> None:
    seats = Seats(8, patience=0)
    with ExitStack() as running:
        for _ in range(2):
            running.enter_context(seats.taken(CLINIC, cost=1, widget=False))

        assert refused(seats)
        assert not refused(seats, NEIGHBOUR)
    assert not refused(seats)


def test_all_clinics_together_leave_threads_to_what_is_no_search() -> None:
    seats = Seats(8, patience=0)
    with ExitStack() as running:
        for clinic_id in (CLINIC, CLINIC, NEIGHBOUR, NEIGHBOUR):
            running.enter_context(seats.taken(clinic_id, cost=1, widget=False))

        assert refused(seats, THIRD)


def test_one_dear_search_of_a_clinic_runs_at_once_beside_a_plain_one() -> None:
    seats = Seats(8, patience=0)
    with seats.taken(CLINIC, cost=DEAR, widget=False):
        assert refused(seats, cost=DEAR)
        assert not refused(seats, cost=DEAR - 1)


def test_a_widgets_search_leaves_a_place_to_the_desk() -> None:
    seats = Seats(4, patience=0)
    with seats.taken(CLINIC, cost=1, widget=True):
        assert refused(seats, widget=True)
    seats = Seats(4, patience=60)
    with ThreadPoolExecutor(1) as pool:
        with seats.taken(CLINIC, cost=1, widget=True):
            desk = pool.submit(refused, seats)
            while searches_of(seats) < 2:
                assert not desk.done()
        assert not desk.result(60)


def test_the_desk_that_waits_goes_before_the_widget_that_waits() -> None:
    seats, ran = Seats(8, patience=60), list[str]()

    def search(who: str) -> None:
        with seats.taken(CLINIC, cost=1, widget=who == "widget"):
            ran.append(who)

    with ThreadPoolExecutor(2) as pool, ExitStack() as running:
        for _ in range(2):
            running.enter_context(seats.taken(CLINIC, cost=1, widget=False))
        begun: list[Future[None]] = []
        for number, who in enumerate(("widget", "desk"), 3):
            begun.append(pool.submit(search, who))
            while searches_of(seats) < number:
                assert not any(one.done() for one in begun)
        running.close()
        for one in begun:
            one.result(60)

    assert ran == ["desk", "widget"]


def test_even_one_thread_serves_one_search() -> None:
    seats = Seats(1, patience=0)
    with seats.taken(CLINIC, cost=DEAR, widget=True):
        assert refused(seats, NEIGHBOUR)
    assert not refused(seats, NEIGHBOUR, widget=True)


def test_a_search_that_fails_gives_its_seat_back() -> None:
    seats = Seats(1, patience=0)
    with pytest.raises(ValueError, match="broken"), seats.taken(CLINIC, cost=1, widget=False):
        raise ValueError("broken")

    assert not refused(seats)
