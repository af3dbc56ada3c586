"""Sends a code for online booking by e-mail, or writes it to a folder where no mail server is set."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from uuid import UUID

from booking.core.caller import Caller
from booking.online.codes import CodeLetter, letters, note_code_sent
from config import MailServer, Settings, secret_of
from jobs.mail import Clock, Outcome, compose, connected, hand_over
from jobs.rounds import ACTOR
from models import BookingCode
from models.database import Database
from models.sealing import Sealer, sealer

_NOBODY: Final = "clinic@localhost"


class CodeNotSentError(Exception):
    """The mail server has not taken the code; the job is tried again while the code is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How this server sends: by `mail`; without it codes are written to the folder `outbox`, if there is one.

    `address` is the server's own, under which the links in letters lie.
    """

    sealer: Sealer
    address: str
    mail: MailServer | None = None
    outbox: Path | None = None


def sending_of(settings: Settings) -> Sending:
    """Give how a server with these settings sends; in production no code is written to a file."""
    return Sending(
        sealer=sealer(secret_of(settings)),
        address=settings.own_address,
        mail=settings.mail,
        outbox=None if settings.production else settings.data_dir / "outbox",
    )


def send_code(database: Database, clinic_id: UUID, code_id: UUID, clock: Clock, sending: Sending) -> None:
    """Send a code that is still good, with no transaction open during the conversation.

    A code that the mail server has taken is forgotten here; one that is only written to a file is not.
    """
    with database.transaction(clinic_id) as session:
        caller = Caller(session, clinic_id, clock(), actor=ACTOR)
        found = letters(caller, sending.sealer, BookingCode.id == code_id)
    for letter in found:
        # An address that e-mail cannot carry gets nothing, and its code is over after its ten minutes.
        with suppress(ValueError):
            _send(database, clinic_id, letter, clock, sending)


def _send(database: Database, clinic_id: UUID, letter: CodeLetter, clock: Clock, sending: Sending) -> None:
    if sending.mail is not None:
        _mail(letter, sending.mail)
        with database.transaction(clinic_id) as session:
            note_code_sent(Caller(session, clinic_id, clock(), actor=ACTOR), letter.id)
    elif sending.outbox is not None:
        _write(letter, sending.outbox)


def _mail(letter: CodeLetter, server: MailServer) -> None:
    """Hand the code to the mail server; CodeNotSentError when it is to be tried again."""
    message = _message(letter, server.sender)
    with connected(server) as connection:
        outcome = hand_over(connection, message, server.sender, str(letter.email))
    if outcome in {Outcome.LATER, Outcome.BROKEN}:
        raise CodeNotSentError(outcome.value)


def _write(letter: CodeLetter, outbox: Path) -> None:
    """Write the code as a file, and name the file on the terminal."""
    outbox.mkdir(parents=True, exist_ok=True)
    path = outbox / f"{letter.id}.eml"
    path.write_bytes(bytes(_message(letter, _NOBODY)))
    sys.stderr.write(f"A code for online booking was written to {path}\n")


def _message(letter: CodeLetter, sender: str) -> EmailMessage:
    return compose(letter.id, sender, str(letter.email), letter.subject, letter.body)
