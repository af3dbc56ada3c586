"""Books several visits of one patient in one call: all of them, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from booking.appointments import Visit, lock_for, write
from booking.callers import Caller
from booking.errors import Refused
from booking.judging import Override
from booking.wishes import Wish
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Order:
    """One of the visits: what is wished and when it starts."""

    wish: Wish
    starts_at: datetime
    override: Override | None = None
    notes: str | None = None


def book_together(caller: Caller, orders: Sequence[Order]) -> list[Visit]:
    """Book every visit, judged in order of time so that each may come before the next.

    Refused with the reasons of each that cannot take place, and nothing is booked.
    """
    booked: dict[int, Visit] = {}
    refused: dict[int, Sequence[Refusal]] = {}
    with caller.session.begin_nested():
        catalog = lock_for(caller, [order.wish for order in orders])
        for place, order in sorted(enumerate(orders), key=lambda one: one[1].starts_at):
            try:
                start = to_tick(order.starts_at)
                booked[place] = write(caller, catalog, order.wish, start, order.override, order.notes)
            except Refused as error:
                refused[place] = error.refusals
        if refused:
            by_visit = _in_order(refused)
            raise Refused((one for reasons in by_visit.values() for one in reasons), by_visit=by_visit)
    return list(_in_order(booked).values())


def _in_order(found: Mapping[int, One]) -> dict[int, One]:
    """Give what was found by its place in the request."""
    return dict(sorted(found.items()))
