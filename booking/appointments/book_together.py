"""Books several visits of a patient in one call: all of them, or none."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from booking.appointments.book import lock_for, write
from booking.appointments.records import Visit
from booking.core.caller import Caller
from booking.core.errors import Refused
from booking.questions.catalog import ClinicCatalog
from booking.questions.judging import Override
from booking.questions.visit_requests import VisitRequest
from scheduling.reasons import Refusal
from scheduling.ticks import to_tick

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Order:
    """A visit to book: the request, its start, and the override and notes that come with it."""

    request: VisitRequest
    starts_at: datetime
    override: Override | None = None
    notes: str | None = None


def book_together(
    caller: Caller,
    orders: Sequence[Order],
    *,
    same: bool = False,
    led_by: UUID | None = None,
    root: str = "",
) -> list[Visit]:
    """Book every visit, judged in order of time, so that a visit may be what the next visit requires.

    If any visit is refused, nothing is booked; Refused carries the reasons by visit. Visits without a
    named therapist get `led_by` if possible; with `same` and no `led_by`, the therapist of the first visit.
    `root` points at the list of the visits in the body.
    """
    booked: dict[int, Visit] = {}
    refused: dict[int, Sequence[Refusal]] = {}
    with caller.session.begin_nested():
        catalog = lock_for(caller, [order.request for order in orders], root)
        for place, order in sorted(enumerate(orders), key=lambda one: one[1].starts_at):
            try:
                booked[place] = visit = _write(caller, catalog, order, led_by)
                led_by = led_by or (visit.appointment.therapist_id if same else None)
            except Refused as error:
                refused[place] = error.refusals
        if refused:
            by_visit = _in_order(refused)
            raise Refused((one for reasons in by_visit.values() for one in reasons), by_visit=by_visit)
    return list(_in_order(booked).values())


def _write(caller: Caller, catalog: ClinicCatalog, order: Order, led_by: UUID | None) -> Visit:
    """Book a visit, with `led_by` if possible when no therapist is named; all who work here are locked."""
    start, request = to_tick(order.starts_at), order.request
    therapist = catalog.engine.therapists.get(led_by) if led_by else None
    if therapist is not None and request.therapist_id is None and therapist.works_at(request.location_id):
        led = replace(request, therapist_id=therapist.id)
        with suppress(Refused):
            return write(caller, catalog, led, start, order.override, order.notes)
    return write(caller, catalog, request, start, order.override, order.notes)


def _in_order(found: Mapping[int, One]) -> dict[int, One]:
    """Sort what was found by its place in the request."""
    return dict(sorted(found.items()))
