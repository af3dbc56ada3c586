"""Notes which messages have become due, leases them to a sender, and notes whether they were sent."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from booking.appointments.visit_links import LinkWriter
from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.errors import NotFound
from booking.messages.messages import LONGEST_AHEAD, Message, find_messages, message_id
from models import Appointment, Event, MessageDispatch, Patient
from scheduling.messages import MOMENT_OF, STALE, after_quiet

LEASE: Final = timedelta(minutes=15)
"""How long a message belongs to its sender; after that, the sender counts as lost."""
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""The pause after each failed attempt; an attempt that fails after the last pause is final."""
_LETTERS_AT_ONCE: Final = 10
_MOST_AT_ONCE: Final = 1000
_ID: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\w{1,32})\.\d{1,17}", re.ASCII)


class Letter(NamedTuple):
    """A message that is leased for sending by e-mail: its dispatch, the attempt's number, and its text."""

    dispatch_id: UUID
    attempt: int
    email: str
    subject: str
    body: str


def announce_due(caller: Caller) -> int:
    """Note the messages that have become due, with an event `message.due` each; give their number.

    Each message is announced once, even when several workers do this at the same time. A call announces
    at most 1000 messages, the oldest first.
    """
    due = find_messages(caller, caller.now, MessageDispatch.id.is_(None))[:_MOST_AT_ONCE]
    found = {(one.appointment_id, one.kind, one.anchor_at): one for one in due}
    if not found:
        return 0
    key = (MessageDispatch.appointment_id, MessageDispatch.kind, MessageDispatch.anchor_at)
    rows = [_row(caller, one, "due") for one in found.values()]
    new = insert(MessageDispatch).on_conflict_do_nothing(constraint="uq_message_dispatches_moment")
    noted = caller.session.execute(new.values(rows).returning(*key)).all()
    insert_rows(caller.session, (Event, [_event(caller, found[id_, kind, at]) for id_, kind, at in noted]))
    return len(noted)


def _row(caller: Caller, message: Message, status: str) -> dict[str, Any]:
    return {
        "clinic_id": caller.clinic_id,
        "id": uuid7(),
        "appointment_id": message.appointment_id,
        "kind": message.kind,
        "anchor_at": message.anchor_at,
        "due_at": message.due_at,
        "status": status,
        "attempts": 0,
        "next_at": message.due_at,
        "sent_at": caller.now if status == "sent" else None,
    }


def _event(caller: Caller, message: Message) -> dict[str, Any]:
    thin = {
        name: getattr(message, name) for name in ("id", "kind", "appointment_id", "location_id", "due_at")
    }
    return {
        "clinic_id": caller.clinic_id,
        "id": uuid7(),
        "type": "message.due",
        "subject_id": message.appointment_id,
        "data": thin,
        "occurred_at": caller.now,
    }


def mark_sent(caller: Caller, id: str) -> MessageDispatch:
    """Note that the clinic has sent a message by its own means; a second call changes nothing.

    Raise NotFound for a message that the visit does not have any more, unless it was noted as due before.
    """
    parts = _ID.fullmatch(id)
    if parts is None or parts[2] not in MOMENT_OF:
        raise NotFound("message")
    found = find_messages(caller, caller.now + LONGEST_AHEAD, Appointment.id == UUID(parts[1]))
    message = next((one for one in found if one.id == id), None)
    if message is not None:
        new = insert(MessageDispatch).values(_row(caller, message, "due"))
        caller.session.execute(new.on_conflict_do_nothing(constraint="uq_message_dispatches_moment"))
    dispatch = _locked(caller, UUID(parts[1]), parts[2], id)
    if dispatch.status != "sent":
        dispatch.status, dispatch.sent_at = "sent", caller.now
        caller.session.flush()
    return dispatch


def _locked(caller: Caller, appointment_id: UUID, kind: str, id: str) -> MessageDispatch:
    """Lock the message's row and give it; NotFound if there is none or the key may not see its visit."""
    of_visit = (
        MessageDispatch.clinic_id == caller.clinic_id,
        MessageDispatch.appointment_id == appointment_id,
        MessageDispatch.kind == kind,
        Appointment.clinic_id == MessageDispatch.clinic_id,
        Appointment.id == MessageDispatch.appointment_id,
    )
    own = select(MessageDispatch).where(*of_visit).order_by(MessageDispatch.id)
    if caller.location_ids is not None:
        own = own.where(Appointment.location_id.in_(caller.location_ids))
    for dispatch in caller.session.scalars(own.with_for_update(of=MessageDispatch)):
        if message_id(appointment_id, dispatch.kind, dispatch.anchor_at) == id:
            return dispatch
    raise NotFound("message")


def claim_letters(caller: Caller, links: LinkWriter) -> list[Letter] | None:
    """Lease some messages that can be sent by e-mail now; None when no message is left to look at.

    Once the transaction is committed, they belong to the caller for the time of a lease. A message that
    its visit does not have any more is cancelled, and a delayed message waits until the quiet hours end.
    """
    dispatches = caller.session.scalars(_to_send(caller)).all()
    if not dispatches:
        return None
    visits = Appointment.id.in_({one.appointment_id for one in dispatches})
    found = {
        (one.appointment_id, one.kind, one.anchor_at): one
        for one in find_messages(caller, caller.now, visits, links=links)
    }
    letters = []
    for dispatch in dispatches:
        message = found.get((dispatch.appointment_id, dispatch.kind, dispatch.anchor_at))
        if message is None:
            dispatch.status = "cancelled"
        elif _is_night(message, caller.now):
            dispatch.next_at = after_quiet(caller.now, message.zone)
        elif message.to.email is not None:
            dispatch.status, dispatch.next_at = "sending", caller.now + LEASE
            dispatch.attempts += 1
            letters.append(
                Letter(dispatch.id, dispatch.attempts, message.to.email, message.subject, message.body)
            )
    caller.session.flush()
    return letters


def _to_send(caller: Caller) -> Select[MessageDispatch]:
    """Lock the messages that may be sent now and are not leased, to patients with an e-mail address."""
    return (
        select(MessageDispatch)
        .join(
            Appointment,
            (Appointment.clinic_id == MessageDispatch.clinic_id)
            & (Appointment.id == MessageDispatch.appointment_id),
        )
        .join(Patient, (Patient.clinic_id == Appointment.clinic_id) & (Patient.id == Appointment.patient_id))
        .where(
            MessageDispatch.clinic_id == caller.clinic_id,
            MessageDispatch.status.in_(("due", "sending")),
            # Older messages are stale, and need not be read again every minute.
            MessageDispatch.next_at.between(caller.now - 2 * STALE, caller.now),
            Patient.email.is_not(None),
        )
        .order_by(MessageDispatch.next_at, MessageDispatch.id)
        .limit(_LETTERS_AT_ONCE)
        .with_for_update(of=MessageDispatch, skip_locked=True)
    )


def _is_night(message: Message, now: datetime) -> bool:
    """Whether the quiet hours have begun since the message was due; a message may also be due within them."""
    in_time = after_quiet(message.due_at, message.zone) == message.due_at
    return in_time and after_quiet(now, message.zone) != now


def note_sent(caller: Caller, letter: Letter) -> None:
    """Note that the mail server has taken the letter."""
    _settle(caller, letter, status="sent", sent_at=caller.now)


def note_failed(caller: Caller, letter: Letter, *, for_good: bool) -> None:
    """Note that the mail server refused the letter, finally or until another attempt after a pause."""
    if for_good or letter.attempt > len(PAUSES):
        _settle(caller, letter, status="failed")
    else:
        _settle(caller, letter, status="due", next_at=caller.now + PAUSES[letter.attempt - 1])


def put_back(caller: Caller, letters: Sequence[Letter]) -> None:
    """End the lease of letters without an attempt, because the mail server could not be reached."""
    for letter in letters:
        _settle(caller, letter, status="due", next_at=caller.now + PAUSES[0], attempts=letter.attempt - 1)


def _settle(caller: Caller, letter: Letter, **values: object) -> None:
    """Write the result of an attempt, unless the letter has been leased again meanwhile."""
    caller.session.execute(
        update(MessageDispatch)
        .where(
            MessageDispatch.clinic_id == caller.clinic_id,
            MessageDispatch.id == letter.dispatch_id,
            MessageDispatch.status == "sending",
            MessageDispatch.attempts == letter.attempt,
        )
        .values(**values)
    )
