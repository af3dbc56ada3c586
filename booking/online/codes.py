"""Codes of six digits that prove an address: made, sent, tried and used once."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from math import ceil
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from uuid_utils.compat import uuid7

from booking.core.caller import Caller
from booking.core.errors import ChannelUnavailable, CodeExpired, TooManyCodes
from booking.core.locks import lock_names
from booking.core.queue import defer
from booking.online.addresses import Address
from models import BookingCode, Clinic
from models.booking_tokens import MOST_TRIES
from models.sealing import Sealer

LASTING: Final = timedelta(minutes=10)
MOST_OF_ADDRESS: Final = 3
MOST_OF_VISITOR: Final = 10
"""How many codes an address and a visitor's address on the network may ask for within `COUNTED`."""
COUNTED: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=1)
GATEWAY_SEEN_WITHIN: Final = timedelta(days=1)
GATEWAY_NOTED_EACH: Final = timedelta(minutes=10)
TASK: Final = "code"
_DIGITS: Final = 6
_PURPOSE: Final = "booking code"


@dataclass(frozen=True, slots=True)
class Channels:
    """The means to send codes: `mails` says that the server sends e-mail itself, or writes it to a folder."""

    sealer: Sealer
    mails: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLetter:
    """A code on its way to an address, with the words around it."""

    id: UUID
    email: str | None
    phone: str | None
    clinic_name: str
    code: str
    made_at: datetime
    expires_at: datetime

    @property
    def subject(self) -> str:
        """The subject, which shows the code in a list of messages."""
        return f"{self.code} is your code for {self.clinic_name}"

    @property
    def body(self) -> str:
        """The text, which fits into two text messages."""
        return (
            f"Your code for {self.clinic_name} is {self.code}. Enter it on the page where you are booking. "
            f"It is good for {round(LASTING.total_seconds() / 60)} minutes. "
            "If you did not ask for it, you can ignore this message."
        )


# Whether an address is known plays no part here: every address gets a code, because new patients book too. So
# neither the answer nor its time tells who is a patient.
def send_code(caller: Caller, address: Address, channels: Channels) -> datetime:
    """Make a code for the address and have it sent; give the real instant at which it expires.

    An earlier code of the address is over. Raise TooManyCodes beyond the limits of an address and of a
    visitor, and ChannelUnavailable when nothing sends to such an address.
    """
    visitor = (caller.visitor or "").encode()
    names = [*address.fields.values(), str(caller.visitor)]
    lock_names(caller.session, [f"{caller.clinic_id} {name}" for name in names])
    mailed = channels.mails and address.email is not None
    if not mailed and not _gateway_seen_after(caller, caller.real_now - GATEWAY_SEEN_WITHIN):
        raise ChannelUnavailable
    _require_fewer(caller, address.of(BookingCode), MOST_OF_ADDRESS)
    _require_fewer(caller, BookingCode.visitor == visitor, MOST_OF_VISITOR)
    caller.session.execute(
        update(BookingCode)
        .where(BookingCode.clinic_id == caller.clinic_id, address.of(BookingCode), _open(caller))
        .values(over_at=caller.real_now, sealed=None)
    )
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
    made = BookingCode(
        clinic_id=caller.clinic_id,
        id=uuid7(),
        email=address.email,
        phone=address.phone,
        key_id=caller.key_id,
        visitor=visitor,
        code_digest=b"",
        sealed=channels.sealer.seal(code.encode()),
        made_at=caller.real_now,
        expires_at=caller.real_now + LASTING,
    )
    made.code_digest = _digest(channels.sealer, made.id, code)
    caller.session.add(made)
    caller.session.flush()
    if mailed:
        defer(caller.session, TASK, clinic_id=str(caller.clinic_id), code_id=str(made.id))
    return made.expires_at


def use_code(caller: Caller, address: Address, code: str, sealer: Sealer) -> bool:
    """Use the address's code, and give whether it is right; a wrong one counts as a try.

    Of two that use it at the same time one gets it. Raise CodeExpired when there is no code to try any more.
    """
    statement = (
        select(BookingCode)
        .where(BookingCode.clinic_id == caller.clinic_id, address.of(BookingCode), _open(caller))
        .order_by(BookingCode.made_at.desc())
        .limit(1)
        .with_for_update()
    )
    found = caller.session.scalar(statement.execution_options(populate_existing=True))
    if found is None or found.over_at is not None or found.expires_at <= caller.real_now:
        raise CodeExpired
    is_right = compare_digest(found.code_digest, _digest(sealer, found.id, code))
    found.tries += 1
    if is_right or found.tries >= MOST_TRIES:
        found.over_at, found.sealed = caller.real_now, None
    caller.session.flush()
    return is_right


def letters(caller: Caller, sealer: Sealer, *only: ColumnElement[bool]) -> list[CodeLetter]:
    """Give the codes that wait to be sent, the oldest first; `only` are conditions on BookingCode."""
    waiting = (BookingCode.clinic_id == caller.clinic_id, BookingCode.sealed.is_not(None), _open(caller))
    rows = caller.session.execute(
        select(BookingCode, Clinic.name)
        .join(Clinic, Clinic.id == BookingCode.clinic_id)
        .where(*waiting, *only)
        .order_by(BookingCode.made_at, BookingCode.id)
    )
    return _opened(rows, sealer)


def note_code_sent(caller: Caller, code_id: UUID) -> BookingCode | None:
    """Note that a code is on its way, so that it need not be kept; None for a code that nobody knows.

    A second call changes nothing.
    """
    own = (BookingCode.clinic_id == caller.clinic_id, BookingCode.id == code_id)
    found = caller.session.scalar(select(BookingCode).where(*own).with_for_update())
    if found is not None:
        found.sealed = None
        caller.session.flush()
    return found


def end_codes(caller: Caller) -> int:
    """Forget what was sealed of codes whose time is over; give their number."""
    over = (BookingCode.clinic_id == caller.clinic_id, BookingCode.sealed.is_not(None))
    late = BookingCode.expires_at <= caller.real_now
    done = caller.session.execute(update(BookingCode).where(*over, late).values(sealed=None))
    return int(getattr(done, "rowcount", 0))


def forget_codes(caller: Caller) -> int:
    """Delete codes that were made more than a day ago; give their number."""
    old = (BookingCode.clinic_id == caller.clinic_id, BookingCode.made_at < caller.real_now - KEPT)
    return int(getattr(caller.session.execute(delete(BookingCode).where(*old)), "rowcount", 0))


def _opened(rows: Iterable[Any], sealer: Sealer) -> list[CodeLetter]:
    found = []
    for code, clinic_name in rows:
        content = sealer.open(code.sealed)
        if content is not None:  # None: the server's secret has changed since.
            letter = CodeLetter(
                id=code.id,
                email=code.email,
                phone=code.phone,
                clinic_name=clinic_name,
                code=content.decode(),
                made_at=code.made_at,
                expires_at=code.expires_at,
            )
            found.append(letter)
    return found


def _open(caller: Caller) -> ColumnElement[bool]:
    return (BookingCode.over_at.is_(None)) & (BookingCode.expires_at > caller.real_now)


def _digest(sealer: Sealer, code_id: UUID, code: str) -> bytes:
    """Give the digest of a code, which takes the server's secret: a million codes are soon tried."""
    return sealer.sign(_PURPOSE, code_id.bytes + code.encode())


def gateway_is_noted(caller: Caller) -> bool:
    """Whether it was noted within the last minutes that a gateway of the clinic fetches messages."""
    return _gateway_seen_after(caller, caller.real_now - GATEWAY_NOTED_EACH)


def note_gateway(caller: Caller) -> None:
    """Note that a gateway of the clinic has fetched messages."""
    own = update(Clinic).where(Clinic.id == caller.clinic_id)
    caller.session.execute(own.values(messages_fetched_at=caller.real_now, updated_at=Clinic.updated_at))


def _gateway_seen_after(caller: Caller, at: datetime) -> bool:
    seen = caller.session.scalar(select(Clinic.messages_fetched_at).where(Clinic.id == caller.clinic_id))
    return seen is not None and seen > at


def _require_fewer(caller: Caller, whose: ColumnElement[bool], most: int) -> None:
    """Raise TooManyCodes when there were as many codes within the hour as there may be."""
    since = caller.real_now - COUNTED
    own = (BookingCode.clinic_id == caller.clinic_id, BookingCode.made_at > since, whose)
    counted = select(func.count(), func.min(BookingCode.made_at)).where(*own)
    number, first = caller.session.execute(counted).one()
    if number >= most:
        raise TooManyCodes(max(1, ceil((first + COUNTED - caller.real_now).total_seconds())))
