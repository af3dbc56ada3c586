"""Visits that are booked, moved and cancelled at random never lie closer than a floor."""

import random
from collections import Counter
from collections.abc import Iterator
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
    case = asked(seed)
    for booked in random_bookings(case, random.Random(seed)):
        assert_floors_are_kept(case, booked)


def test_the_random_patients_have_several_sessions_and_floors_between_them() -> None:
    met: Counter[str] = Counter()
    for seed in range(100):
        case = asked(seed)
        *_, booked = random_bookings(case, random.Random(seed))
        met["several sessions"] += len(booked) > 2
        met["a floor"] += any(floor_between(case, *pair) > 0 for pair in combinations(booked.values(), 2))

    assert min(met["several sessions"], met["a floor"]) >= 30


def random_bookings(case: Asked, chance: random.Random) -> Iterator[dict[int, Session]]:
    """Book, move and cancel 25 times, and yield after each act what is booked."""
    booked: dict[int, Session] = {}
    for number in range(25):
        moved = chance.choice(list(booked)) if booked and chance.random() < 0.4 else None
        if moved is not None and chance.random() < 0.3:
            del booked[moved]
        else:
            book(case, booked, chance, number if moved is None else moved)
        yield booked


def book(case: Asked, booked: dict[int, Session], chance: random.Random, key: int) -> None:
    """Try to book a visit on a random day, or to move the visit with this key there."""
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
    """Draw a visit that is not booked yet, on few areas so that most visits share them."""
    histories = Histories(chance, case.start, case.question.location.zone)
    event = case.question.procedure.counts_as
    return replace(
        histories.session(), event=event, performed=False, areas=chance.choice((("FACE",), ("BACK",)))
    )


def assert_floors_are_kept(case: Asked, booked: dict[int, Session]) -> None:
    """Insist that no two sessions are closer than the floor between them."""
    for one, two in combinations(booked.values(), 2):
        assert abs((one.on - two.on).days) >= floor_between(case, one, two)


def floor_between(case: Asked, one: Session, two: Session) -> int:
    """Return the highest floor of the rules that decide about two sessions."""
    rules = [deciding(*pair, case.catalog.spacing_rules) for pair in orders(one, two)]
    return max((rule.floor_days for some in rules for rule in some), default=0)
