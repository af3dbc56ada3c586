"""Selects the visits that may have a message due in a stretch of time, with the data for its text."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    Text,
    Values,
    case,
    column,
    exists,
    func,
    or_,
    select,
    text,
    true,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, aggregate_order_by
from sqlalchemy.orm import aliased

from booking.core.caller import Caller
from booking.messages.by_course import by_course
from booking.messages.columns import OFF_PLAN, columns, is_later_of_patient, same, with_words
from models import (
    Appointment,
    AppointmentPhase,
    Event,
    Location,
)
from models.statuses import TO_COME
from scheduling.messages import MOMENTS
from scheduling.rulebook import CourseTemplate

# By how much the quiet hours and a clock change may move a message away from its civil time.
_MOVED: Final = timedelta(hours=16)
# Messages that count from a performed visit are found by its planned start.
_PERFORMED: Final = ("end", "after")

_PLANNED: Final = ("appointment.booked", "appointment.rescheduled")
_EVENTS: Final = {"planned": _PLANNED, "no_show": ("appointment.no_show",)}
# This must be the index's condition word for word, or PostgreSQL does not use the index.
_STARTS_MESSAGES: Final = text(
    "events.type IN ('appointment.booked', 'appointment.rescheduled', 'appointment.no_show')"
)
_BY_EVENT: Final = values(
    column("kind", Text), column("type", Text), column("planned", Boolean), name="moments"
).data(
    [(one.kind, event, one.anchor == "planned") for one in MOMENTS for event in _EVENTS.get(one.anchor, ())]
)


def candidates(
    caller: Caller,
    since: datetime,
    until: datetime,
    windows: Iterable[CourseTemplate],
    only: Iterable[ColumnElement[bool]],
) -> Sequence[Row[Any]]:
    """Give a row for each visit and kind of message that is not sent and may be due between the instants.

    In the rows, `plans` are the booking and the moves of a visit to come, in order: the instant, the start,
    the location, and whether the patient is told. `windows` are the clinic's course templates; a message that
    counts from a maintenance window has the months of its template.
    """
    shown = [*only, Appointment.clinic_id == caller.clinic_id]
    if caller.location_ids is not None:
        shown.append(Appointment.location_id.in_(caller.location_ids))
    found = [_by_visit(since, until), _by_event(since, until)]
    if (of_courses := by_course(since - _MOVED, until + _MOVED, windows)) is not None:
        found.append(of_courses)
    return caller.session.execute(union_all(*(one.where(*shown) for one in found))).all()


def _by_visit(since: datetime, until: datetime) -> Select[Any]:
    """Select the messages that count from the visit itself, by the index on location and start."""
    moments = _moments(since, until)
    moment = moments.c
    status = case((moment.before, Appointment.status.in_(TO_COME)), else_=Appointment.status == "completed")
    visits = (
        columns(moment.kind, Appointment.starts_at, case((moment.before, _plans())))
        .select_from(Location)
        .join(moments, true())
        .join(Appointment, same(Appointment.location_id, Location))
        .where(
            Appointment.starts_at > moment.earliest,
            Appointment.starts_at < moment.latest,
            status,
            or_(~moment.treatment, _is_treatment()),
            or_(~moment.offers, ~_is_followed()),
        )
    )
    return with_words(visits, moment.kind, Appointment.starts_at)


def _moments(since: datetime, until: datetime) -> Values:
    """Give each kind of message that counts from the visit, with the bounds of its visits' starts.

    The bounds are computed here, because row-level security keeps PostgreSQL from using the index for
    bounds that it computes itself.
    """
    rows = []
    for one in MOMENTS:
        if one.anchor not in {*_EVENTS, "window"}:
            offset = timedelta(days=one.days, minutes=one.minutes)
            slack = _MOVED + (OFF_PLAN if one.anchor in _PERFORMED else timedelta(0))
            bounds = (since - offset - slack, until - offset + slack)
            rows.append((one.kind, *bounds, one.anchor == "before", one.treatment, one.offers))
    names = values(
        column("kind", Text),
        column("earliest", TIMESTAMP(timezone=True)),
        column("latest", TIMESTAMP(timezone=True)),
        column("before", Boolean),
        column("treatment", Boolean),
        column("offers", Boolean),
        name="moments",
    )
    return names.data(rows)


def _by_event(since: datetime, until: datetime) -> Select[Any]:
    """Select the messages that count from a booking, a move or a no-show, a row for each such event."""
    moment = _BY_EVENT.c
    visits = (
        columns(moment.kind, Event.occurred_at, case((moment.planned, _plans())))
        .select_from(Event)
        .join(_BY_EVENT, moment.type == Event.type)
        .join(Appointment, same(Event.subject_id, Appointment))
        .join(Location, same(Appointment.location_id, Location))
        .where(
            _STARTS_MESSAGES,
            Event.occurred_at > since - timedelta(days=1) - _MOVED,
            Event.occurred_at <= until,
            case((moment.planned, Appointment.status.in_(TO_COME)), else_=Appointment.status == "no_show"),
        )
    )
    return with_words(visits, moment.kind, Event.occurred_at)


def _plans() -> Any:  # noqa: ANN401 - a SQL expression
    """Select the bookings and moves of a visit as one JSON array, in order of time."""
    planned = aliased(Event)
    data = planned.data
    plan = func.jsonb_build_array(
        planned.occurred_at, data["starts_at"].astext, data["location_id"].astext, planned.notify
    )
    return (
        select(func.jsonb_agg(aggregate_order_by(plan, planned.occurred_at, planned.id)))
        .where(
            planned.clinic_id == Appointment.clinic_id,
            planned.subject_id == Appointment.id,
            planned.type.in_(_PLANNED),
        )
        .correlate(Appointment)
        .scalar_subquery()
    )


def _is_treatment() -> ColumnElement[bool]:
    return (
        exists()
        .where(
            AppointmentPhase.clinic_id == Appointment.clinic_id,
            AppointmentPhase.appointment_id == Appointment.id,
            AppointmentPhase.kind == "procedure",
        )
        .correlate(Appointment)
    )


def _is_followed() -> ColumnElement[bool]:
    """Whether the patient has a later visit that is booked or took place."""
    later = aliased(Appointment)
    return exists().where(is_later_of_patient(later)).correlate(Appointment)
