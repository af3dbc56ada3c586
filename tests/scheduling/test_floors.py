"""However visits are booked, moved and cancelled, no two of a patient's ever lie closer than a floor."""

import random
from dataclasses import replace
from itertools import combinations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.bits import Window
from scheduling.engine import check
from scheduling.questions import Patient, Session
from scheduling.ticks import from_tick
from tests.scheduling.clinical_oracle import deciding, orders
from tests.scheduling.histories import Histories
from tests.scheduling.moments import Asked, asked


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**48))
def test_booking_moving_and_cancelling_never_leave_two_sessions_below_a_floor(seed: int) -> None:
    chance, case = random.Random(seed), asked(seed)
    booked: dict[int, Session] = {}
    for number in range(25):
        moved = chance.choice(list(booked)) if booked and chance.random() < 0.4 else None
        if moved is not None and chance.random() < 0.3:
            del booked[moved]
            continue
        book(case, booked, chance, number if moved is None else moved)

        assert_floors_are_kept(case, booked)


def book(case: Asked, booked: dict[int, Session], chance: random.Random, key: int) -> None:
    """Try to book a visit on a random day, or to move the booked one with this key there."""
    old = booked.get(key)
    visit = old or draw(case, chance)
    others = tuple(session for other, session in booked.items() if other != key)
    question = replace(
        case.question,
        procedure=replace(
            case.question.procedure, code=visit.procedure, family=visit.family, prerequisites=()
        ),
        areas=visit.areas,
        course=visit.course,
        patient=Patient(UUID(int=5), sessions=others, skin_type=chance.choice((3, 4))),
        waived=frozenset({"spacing_min", "washout_min"} if chance.random() < 0.5 else ()),
        moves=old is not None,
    )
    start = case.start + 288 * chance.randint(0, 30)
    if not check(question, case.catalog, {}, start, Window(start, start + 1)).refusals:
        on = from_tick(start).astimezone(question.location.zone).date()
        booked[key] = replace(visit, on=on)


def draw(case: Asked, chance: random.Random) -> Session:
    """Draw a visit that is not booked yet, on one of few areas so that most meet."""
    histories = Histories(chance, case.start, case.question.location.zone)
    event = case.question.procedure.counts_as
    return replace(
        histories.session(), event=event, performed=False, areas=chance.choice((("FACE",), ("BACK",)))
    )


def assert_floors_are_kept(case: Asked, booked: dict[int, Session]) -> None:
    for one, two in combinations(booked.values(), 2):
        floors = [
            rule.floor_days
            for pair in orders(one, two)
            for rule in deciding(*pair, case.catalog.spacing_rules)
        ]

        assert abs((one.on - two.on).days) >= max(floors, default=0)
