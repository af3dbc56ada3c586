"""Booking tokens: given for a code, and read from the requests of a widget's visitors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from booking.appointments.visit_links import Link
from booking.core.caller import Caller, Token
from booking.core.tokens import digest_of, fresh_secret
from booking.online.addresses import Address, patients_at
from models import Appointment, BookingToken

PREFIX: Final = "bt_"
LASTING: Final = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Given:
    """A token that was just given: its text, for the visitor alone, and the patients of its address."""

    token: str
    expires_at: datetime
    patients: Sequence[tuple[UUID, str]]


def give_token(caller: Caller, address: Address) -> Given:
    """Give a token for a proved address, with the id and the first word of the name of each patient there."""
    secret = fresh_secret(PREFIX)
    expires_at = caller.real_now + LASTING
    caller.session.add(
        BookingToken(
            clinic_id=caller.clinic_id,
            id=uuid7(),
            email=address.email,
            phone=address.phone,
            key_id=caller.key_id,
            token_hash=secret.digest,
            made_at=caller.real_now,
            expires_at=expires_at,
        )
    )
    caller.session.flush()
    patients = [(one.id, one.name.split()[0]) for one in patients_at(caller, address)]
    return Given(secret.text, expires_at, patients)


def read_token(caller: Caller, text: str) -> Token | None:
    """Give what a token proves now: who is at its address; None when it is not of this key, or over."""
    found = caller.session.scalar(
        select(BookingToken).where(
            BookingToken.clinic_id == caller.clinic_id,
            BookingToken.token_hash == digest_of(text),
            BookingToken.key_id == caller.key_id,
            BookingToken.expires_at > caller.real_now,
        )
    )
    if found is None:
        return None
    address = Address(found.email, found.phone)
    patient_ids = frozenset(one.id for one in patients_at(caller, address))
    return Token(patient_ids, found.id, found.email, found.phone)


def read_link(caller: Caller, link: Link) -> Token | None:
    """Give what a link allows now; None when it was revoked, or its visit has begun."""
    visit = caller.session.scalar(
        select(Appointment).where(
            Appointment.clinic_id == caller.clinic_id,
            Appointment.id == link.appointment_id,
            Appointment.links_issue == link.issue,
            Appointment.starts_at > caller.real_now,
        )
    )
    if visit is None or visit.patient_id is None:
        return None
    return Token(frozenset({visit.patient_id}), appointment_id=visit.id, actions=link.actions)


def forget_tokens(caller: Caller) -> int:
    """Delete tokens whose time is over; give their number."""
    over = (BookingToken.clinic_id == caller.clinic_id, BookingToken.expires_at <= caller.real_now)
    return int(getattr(caller.session.execute(delete(BookingToken).where(*over)), "rowcount", 0))
