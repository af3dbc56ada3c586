"""Codes for online booking as messages, which a clinic's own gateway fetches and sends."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement

from booking.core.caller import Caller
from booking.online.codes import CodeLetter, letters
from models.sealing import Sealer

CODE_KIND: Final = "booking_code"
_ID: Final = re.compile(rf"([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})\.{CODE_KIND}\.0", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeRecipient:
    """Whom a code is for: nobody's name is known, only the address."""

    name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A code as a message of no visit; it is due at once, and it expires with the code."""

    letter: CodeLetter
    kind: str = CODE_KIND
    appointment_id: None = None
    patient_id: None = None
    location_id: None = None
    status: str = "due"

    @property
    def id(self) -> str:
        """The id, of the same form as those of other messages."""
        return f"{self.letter.id}.{CODE_KIND}.0"

    @property
    def due_at(self) -> datetime:
        """When the code was made."""
        return self.letter.made_at

    @property
    def expires_at(self) -> datetime:
        """When the code expires, so that it is not sent any more."""
        return self.letter.expires_at

    @property
    def to(self) -> CodeRecipient:
        """The address that the code proves."""
        return CodeRecipient("", self.letter.email, self.letter.phone)

    @property
    def subject(self) -> str:
        """The subject."""
        return self.letter.subject

    @property
    def body(self) -> str:
        """The text."""
        return self.letter.body


def code_messages(caller: Caller, sealer: Sealer, *only: ColumnElement[bool]) -> list[CodeMessage]:
    """Give the codes that wait to be sent, the oldest first; `only` are conditions on BookingCode."""
    return [CodeMessage(letter) for letter in letters(caller, sealer, *only)]


def code_of(message_id: str) -> UUID | None:
    """Give the code that a message's id names; None for another kind of message."""
    found = _ID.fullmatch(message_id)
    return None if found is None else UUID(found[1])
