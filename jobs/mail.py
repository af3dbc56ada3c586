"""Sends due messages by e-mail, each at least once, with no transaction open during the conversation."""

import smtplib
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from enum import Enum
from typing import Final
from uuid import UUID

from booking.appointments.visit_links import LinkWriter
from booking.core.caller import Caller
from booking.messages.sending import Letter, claim_letters, note_failed, note_sent, put_back
from config import MailServer
from jobs.rounds import ACTOR, clinics, going_on
from models.database import Database

_TIMEOUT_SECONDS: Final = 15
_PERMANENT: Final = 500

Clock = Callable[[], datetime]


class Outcome(Enum):
    """The outcome of handing a letter to the mail server."""

    TAKEN = "taken"
    LATER = "refused for now"
    NEVER = "refused for good"
    BROKEN = "the conversation broke off"


class ServerAwayError(Exception):
    """The mail server cannot be reached, refuses the login, or has broken off."""


def send_due_mail(database: Database, server: MailServer, clock: Clock, links: LinkWriter) -> None:
    """Send the due letters of every clinic, until none is left or the mail server is away."""
    with going_on("the mail"):
        try:
            for clinic_id in clinics(database):
                with going_on(f"the mail of clinic {clinic_id}"):
                    _send_clinics_mail(database, clinic_id, server, clock, links)
        except ServerAwayError as error:
            sys.stderr.write(f"Background work: the mail server is away ({error}), tried again later.\n")


def _send_clinics_mail(
    database: Database, clinic_id: UUID, server: MailServer, clock: Clock, links: LinkWriter
) -> None:
    while True:
        with database.transaction(clinic_id) as session:
            letters = claim_letters(Caller(session, clinic_id, clock(), actor=ACTOR), links)
        if letters is None:
            return
        if letters:
            _send(database, clinic_id, server, clock, letters)


def _send(
    database: Database, clinic_id: UUID, server: MailServer, clock: Clock, letters: Sequence[Letter]
) -> None:
    """Send letters in one conversation and note each outcome; letters that were not tried are put back."""
    left = list(letters)
    try:
        with connected(server) as connection:
            _hand_over(connection, database, clinic_id, server, clock, left)
    except ServerAwayError:
        with database.transaction(clinic_id) as session:
            put_back(Caller(session, clinic_id, clock(), actor=ACTOR), left)
        raise


def _hand_over(
    connection: smtplib.SMTP,
    database: Database,
    clinic_id: UUID,
    server: MailServer,
    clock: Clock,
    left: list[Letter],
) -> None:
    """Send letter after letter, taking each off the list; ServerAwayError when the server has closed."""
    while left:
        outcome = deliver(connection, server, left[0])
        with database.transaction(clinic_id) as session:
            _note(Caller(session, clinic_id, clock(), actor=ACTOR), left.pop(0), outcome)
        if outcome is Outcome.BROKEN or connection.sock is None:
            raise ServerAwayError("closed")


def _note(caller: Caller, letter: Letter, outcome: Outcome) -> None:
    """Write the outcome; a try that broke the conversation counts, so that a letter cannot stop the rest."""
    if outcome is Outcome.TAKEN:
        note_sent(caller, letter)
    else:
        note_failed(caller, letter, for_good=outcome is Outcome.NEVER)


@contextmanager
def connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """Open a conversation with the server; ServerAwayError, without the server's words, when it fails."""
    try:
        with _open(server) as connection:
            if server.starttls:
                connection.starttls(context=ssl.create_default_context())
            if server.user is not None and server.password is not None:
                connection.login(server.user, server.password)
            yield connection
    except (OSError, smtplib.SMTPException) as error:
        raise ServerAwayError(type(error).__name__) from None


def _open(server: MailServer) -> smtplib.SMTP:
    if server.tls:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_SECONDS)


def deliver(connection: smtplib.SMTP, server: MailServer, letter: Letter) -> Outcome:
    """Hand a letter to the server and give the outcome."""
    try:
        message = write(letter, server.sender)
    except ValueError:
        return Outcome.NEVER  # E-mail as such cannot carry the address.
    return hand_over(connection, message, server.sender, letter.email)


def hand_over(connection: smtplib.SMTP, message: EmailMessage, sender: str, to: str) -> Outcome:
    """Hand a message to the server and give the outcome."""
    try:
        connection.send_message(message, sender, [to])
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return Outcome.NEVER if min(codes) >= _PERMANENT else Outcome.LATER
    except smtplib.SMTPDataError as error:
        return Outcome.NEVER if error.smtp_code >= _PERMANENT else Outcome.LATER
    except smtplib.SMTPSenderRefused:
        # The server refuses our own address: the letter is good, and can go once the settings are corrected.
        return Outcome.LATER
    except smtplib.SMTPNotSupportedError:
        return Outcome.NEVER  # This server cannot carry the address.
    except (smtplib.SMTPException, OSError):
        return Outcome.BROKEN
    return Outcome.TAKEN


def write(letter: Letter, sender: str) -> EmailMessage:
    """Write the letter as a message."""
    return compose(letter.dispatch_id, sender, letter.email, letter.subject, letter.body)


def compose(id: UUID, sender: str, to: str, subject: str, body: str) -> EmailMessage:
    """Write a message; its Message-ID is the same at every try, so that a second copy can be recognised."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = f"<{id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message
