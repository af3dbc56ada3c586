"""Works out which messages are due from the visits as they are now: no stored plan can become wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from booking.appointments.visit_links import LinkWriter
from booking.catalogue.message_templates import fill
from booking.core.caller import Caller
from booking.core.errors import Invalid, MissingScope
from booking.messages.by_visit import candidates
from booking.messages.past_sentences import without_sentences
from booking.questions.catalog import load_catalog
from scheduling.catalog import Location
from scheduling.confirmations import Plan, standing
from scheduling.messages import MOMENT_OF, STALE, Moment, due, in_window, shifted

LONGEST_AHEAD: Final = timedelta(days=31)
"""How far ahead messages can be listed, so that the list stays short enough to work out at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The patient that a message is for, with e-mail address and phone number."""

    name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message about a visit; its due time counts from `anchor_at`, and its text is made on demand.

    It may be sent from `due_at` on and before `expires_at`. Its id is valid while the visit keeps its
    time: a moved visit has other messages. Its text is that of `told_at`, the earliest instant at which it
    can still go out, and says nothing of a deadline that has passed by then.
    """

    kind: str
    appointment_id: UUID
    patient_id: UUID
    location_id: UUID
    anchor_at: datetime
    due_at: datetime
    expires_at: datetime
    status: str
    to: Recipient
    zone: ZoneInfo
    template: tuple[str, str]
    clinic_name: str
    location_name: str
    starts_at: datetime
    cancel_until: datetime
    told_at: datetime
    manage_url: str

    @property
    def id(self) -> str:
        """The id: the visit, the kind of message and the instant that it counts from."""
        return message_id(self.appointment_id, self.kind, self.anchor_at)

    @property
    def subject(self) -> str:
        """The subject with its placeholders filled in; the clinic's name when nothing of it is left."""
        return self._worded(self.template[0]) or self.clinic_name

    @property
    def body(self) -> str:
        """The body with its placeholders filled in."""
        return self._worded(self.template[1])

    @property
    def says_something(self) -> bool:
        """Whether anything of the body is left to say."""
        return not self._past or bool(self.body)

    @property
    def _past(self) -> tuple[str, ...]:
        """The fields whose instant has passed when the message goes out."""
        return ("cancel_until",) if self.cancel_until <= self.told_at else ()

    def _worded(self, text: str) -> str:
        return fill(without_sentences(text, self._past), self._filled())

    def _filled(self) -> dict[str, str]:
        starts_at, deadline = (at.astimezone(self.zone) for at in (self.starts_at, self.cancel_until))
        return {
            "patient": self.to.name,
            "clinic": self.clinic_name,
            "location": self.location_name,
            "date": f"{starts_at:%Y-%m-%d}",
            "time": f"{starts_at:%H:%M}",
            "cancel_until": f"{deadline:%Y-%m-%d %H:%M}",
            "manage_url": self.manage_url,
        }


def message_id(appointment_id: UUID, kind: str, anchor_at: datetime) -> str:
    """Give the id of a message: the visit, the kind and the microseconds of its instant."""
    return f"{appointment_id}.{kind}.{round(anchor_at.timestamp() * 1_000_000)}"


def list_messages(
    caller: Caller, until: datetime, *only: ColumnElement[bool], links: LinkWriter
) -> list[Message]:
    """Give the messages of `find_messages`; raise MissingScope, or Invalid for an instant too far ahead."""
    if not caller.may("patients:read"):
        raise MissingScope("The key lacks the scope patients:read.")
    if until > caller.now + LONGEST_AHEAD:
        raise Invalid("/due_by", f"Must lie at most {LONGEST_AHEAD.days} days ahead.")
    return find_messages(caller, until, *only, links=links)


def find_messages(
    caller: Caller, until: datetime, *only: ColumnElement[bool], links: LinkWriter | None = None
) -> list[Message]:
    """Give the messages that are due by `until`, not sent and not too late, in order of `due_at` and id.

    `only` are further conditions on Appointment, MessageTemplate and MessageDispatch (outer joined). Without
    `links` their texts lack the links to their visits.
    """
    since = caller.now - STALE
    catalog = load_catalog(caller).engine
    found: dict[str, Message] = {}
    for row in candidates(caller, since, until, catalog.course_templates.values(), only):
        message = _message(caller, row, catalog.locations, links)
        if message is not None and since < message.due_at <= until and message.says_something:
            # A booking and a move at the same instant lead to a single message.
            found[message.id] = message
    return sorted(found.values(), key=lambda message: (message.due_at, message.id))


def _message(
    caller: Caller,
    row: Any,  # noqa: ANN401 - a row
    places: Mapping[UUID, Location],
    links: LinkWriter | None,
) -> Message | None:
    """Make the message, unless it was due before the visit was booked, or is too late now."""
    place, plan = places[row.location_id], _plan(row, places)
    moment, zone = _moment(row, plan), place.zone
    if moment is None:
        return None
    when = due(moment, _counted_from(row, moment, zone), row.starts_at, zone)
    passed = plan is not None and when.at < plan.at
    if passed or not max(when.at, caller.now) < when.until:
        return None
    return Message(
        kind=row.kind,
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        location_id=row.location_id,
        anchor_at=row.anchor_at,
        due_at=when.at.astimezone(zone),
        expires_at=when.until.astimezone(zone),
        status=row.status or ("due" if when.at <= caller.now else "planned"),
        to=Recipient(name=row.patient_name, email=row.email, phone=row.phone),
        zone=zone,
        template=(row.subject, row.body),
        clinic_name=row.clinic_name,
        location_name=row.location_name,
        starts_at=row.starts_at,
        cancel_until=row.starts_at - timedelta(hours=place.policy.cancel_free_hours),
        told_at=max(when.at, caller.now),
        manage_url=links.url(caller.clinic_id, row.appointment_id, row.links_issue) if links else "",
    )


def _plan(row: Any, places: Mapping[UUID, Location]) -> Plan | None:  # noqa: ANN401 - a row
    """Give the booking or move that a visit to come has its time from."""
    if row.plans is None:
        return None
    instant = datetime.fromisoformat
    plans = [
        Plan(instant(at), instant(starts_at), UUID(place), places[UUID(place)].zone, notify)
        for at, starts_at, place, notify in row.plans
    ]
    return standing(plans)


def _moment(row: Any, plan: Plan | None) -> Moment | None:  # noqa: ANN401 - a row
    """Give what the message counts from and its distance; None for a plan of which no message goes out."""
    moment = MOMENT_OF[row.kind]
    if moment.anchor == "window":
        return in_window(moment, row.opens_months, row.closes_months)
    if moment.anchor == "planned" and plan is not None:
        return plan.confirmation if plan.notify and plan.at == row.anchor_at else None
    return moment


def _counted_from(row: Any, moment: Moment, zone: ZoneInfo) -> datetime:  # noqa: ANN401 - a row
    """Give the instant that a message counts from, for a performed visit as it really was.

    The days after a visit are counted from the date on which it was performed, at its own time of day.
    """
    if moment.anchor == "end":
        ended: datetime = row.ended_at
        return ended
    if moment.anchor in {"after", "window"}:
        return shifted(row.starts_at, row.days_off_plan, zone)
    planned: datetime = row.anchor_at
    return planned
