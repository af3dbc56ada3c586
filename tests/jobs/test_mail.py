"""Each due message reaches a real mail server once, and no name gets into a log."""

import email
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from booking.messages.sending import Letter
from config import MailServer
from jobs.codes import Sending
from jobs.mail import send_due_mail, write
from jobs.queue import make_queue
from jobs.rounds import do_minutes_work
from models import MessageDispatch
from models.database import Database
from tests.support.cast import Clinic, create_clinic, create_patient, instant, rows
from tests.support.copying import MakeClinic
from tests.support.messages import BOOKED, LINKS, VISIT
from tests.support.new_clinics import own_database

REMINDED = instant("2027-03-25T12:00:00+00:00")
PASSWORD = b"open sesame"
AWAY = MailServer(host="127.0.0.1", port=1, sender="clinic@example.org")

database, app = own_database("mail")


class Postbox:
    """The handler of a mail server: it keeps each letter, and answers recipients by a list of answers."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.hangs_up = False

    async def handle_RCPT(  # noqa: N802 - the server's own name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - see above
        if self.hangs_up:
            server.transport.close()
        letter = email.message_from_bytes(envelope.content or b"", policy=default)
        assert isinstance(letter, EmailMessage)
        letter["X-To"] = ", ".join(envelope.rcpt_tos)
        self.letters.append(letter)
        return "250 OK"


class AnyPort(Controller):
    """A controller that lets the system choose the port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def authenticator(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
    """Accept the right password."""
    known = isinstance(data, LoginPassword) and data.password == PASSWORD
    return AuthResult(success=known, handled=False)


@pytest.fixture
def postbox() -> Postbox:
    """Give an empty postbox."""
    return Postbox()


@pytest.fixture
def server(postbox: Postbox) -> Iterator[MailServer]:
    """Run a mail server on loopback that accepts one password."""
    controller = AnyPort(
        postbox,
        hostname="127.0.0.1",
        port=0,
        authenticator=authenticator,
        auth_require_tls=False,
    )
    controller.start()
    yield MailServer(
        host="127.0.0.1",
        port=controller.port,
        sender="clinic@example.org",
        user="clinic",
        password=PASSWORD.decode(),
    )
    controller.stop()


@pytest.fixture
def clinic(make_clinic: MakeClinic, database: Database) -> Clinic:
    """Create a clinic with one visit at noon on 27 March whose reminder has become due."""
    clinic = create_clinic(make_clinic(name="Zoë's"))
    book(clinic, VISIT)
    do_minutes_work(database, REMINDED)
    return clinic


def book(clinic: Clinic, starts_at: str) -> None:
    """Book a visit for a new patient with an address."""
    address = f"ada.{uuid4().hex}@example.org"
    patient = create_patient(clinic.desk, name="Ada Lovelace", email=address)
    clinic.at(BOOKED).booked(starts_at, patient_id=patient["id"])


def send(database: Database, server: MailServer, now: datetime = REMINDED) -> None:
    """Send the messages that are due at an instant."""
    send_due_mail(database, server, lambda: now, LINKS)


def states(database: Database, clinic: Clinic) -> list[tuple[str, int]]:
    """Give the status and tries of each message that has become due."""
    return [(one.status, one.attempts) for one in rows(database, clinic.desk, MessageDispatch)]


def test_a_due_message_arrives(
    database: Database, clinic: Clinic, postbox: Postbox, server: MailServer
) -> None:
    send(database, server)
    [letter] = postbox.letters

    assert (letter["From"], letter["Subject"]) == ("clinic@example.org", "Your visit on 2027-03-27 at 12:00")
    assert letter["To"] == letter["X-To"]
    assert "Hello Ada Lovelace,\r\n" in letter.get_content()
    assert states(database, clinic) == [("sent", 1)]


def test_what_was_sent_is_not_sent_again(
    database: Database, clinic: Clinic, postbox: Postbox, server: MailServer
) -> None:
    for hours in range(3):
        send(database, server, REMINDED + timedelta(hours=hours))

    assert len(postbox.letters) == 1
    assert states(database, clinic) == [("sent", 1)]


def test_workers_at_the_same_instant_send_each_message_once(
    database: Database, clinic: Clinic, postbox: Postbox, server: MailServer
) -> None:
    for minutes in range(20, 420, 20):
        book(clinic, (instant(VISIT) + timedelta(minutes=minutes)).isoformat())
    now = REMINDED + timedelta(hours=7)
    barrier = Barrier(3)

    def work(_: int) -> None:
        barrier.wait()
        do_minutes_work(database, now)
        send(database, server, now)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))

    assert len(postbox.letters) == len({letter["X-To"] for letter in postbox.letters}) == 21
    assert set(states(database, clinic)) == {("sent", 1)}


def test_who_is_put_off_is_tried_again_with_the_same_message_id(
    database: Database, clinic: Clinic, postbox: Postbox, server: MailServer
) -> None:
    postbox.answers = ["451 4.7.1 Greylisted, come back later"]
    send(database, server)
    put_off = states(database, clinic)
    send(database, server, REMINDED + timedelta(minutes=1))
    [row] = rows(database, clinic.desk, MessageDispatch)

    assert put_off == [("due", 1)]
    assert states(database, clinic) == [("sent", 2)]
    assert [letter["Message-ID"] for letter in postbox.letters] == [f"<{row.id}@example.org>"]


def test_an_address_that_does_not_exist_fails_at_once_and_stops_nobody(
    database: Database, clinic: Clinic, postbox: Postbox, server: MailServer
) -> None:
    book(clinic, "2027-03-27T12:20:00Z")
    do_minutes_work(database, REMINDED + timedelta(minutes=20))
    postbox.answers = ["550 5.1.1 No such user"]
    send(database, server, REMINDED + timedelta(minutes=20))

    assert len(postbox.letters) == 1
    assert sorted(states(database, clinic)) == [("failed", 1), ("sent", 1)]


def test_a_server_that_is_away_loses_nothing_and_counts_no_try(
    database: Database,
    clinic: Clinic,
    postbox: Postbox,
    server: MailServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for minutes in range(10):
        send(database, AWAY, REMINDED + timedelta(minutes=minutes))
    waiting = states(database, clinic)
    send(database, server, REMINDED + timedelta(minutes=10))

    assert waiting == [("due", 0)]
    assert len(postbox.letters) == 1
    assert "the mail server is away (ConnectionRefusedError)" in capsys.readouterr().err


def test_a_wrong_password_loses_nothing(
    database: Database, clinic: Clinic, server: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    send(database, replace(server, password="guess"))

    told = capsys.readouterr().err
    assert states(database, clinic) == [("due", 0)]
    assert "SMTPAuthenticationError" in told
    assert "guess" not in told


def test_a_server_without_encryption_is_told_nothing_where_starttls_is_asked_for(
    database: Database, clinic: Clinic, postbox: Postbox, server: MailServer
) -> None:
    send(database, replace(server, user=None, password=None, starttls=True))

    assert postbox.letters == []
    assert states(database, clinic) == [("due", 0)]


def test_a_letter_at_which_the_server_hangs_up_counts_a_try(
    database: Database, clinic: Clinic, postbox: Postbox, server: MailServer
) -> None:
    postbox.hangs_up = True
    send(database, server)

    assert states(database, clinic) == [("due", 1)]


def test_no_name_or_address_gets_into_a_log(
    database: Database,
    clinic: Clinic,
    postbox: Postbox,
    server: MailServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    send(database, AWAY)
    # Messages of earlier tests' clinics may still be due, and get the same answer.
    postbox.answers = ["550 5.1.1 No such user ada"] * 20
    send(database, server, REMINDED + timedelta(minutes=10))

    told = capsys.readouterr().err
    assert states(database, clinic) == [("failed", 1)]
    assert "the mail server is away" in told
    assert "ada" not in told.lower()


def test_a_subject_cannot_add_a_header() -> None:
    letter = Letter(uuid4(), 1, "ada@example.org", "Hello\r\nBcc: eve@example.org", "Body")

    assert write(letter, "clinic@example.org").get_all("Bcc") is None


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("ada@example.org\r\nBcc: eve@example.org", "cannot contain CR or LF"),
        ("ada@example.org, eve@example.org", "only 'ada@example.org' could be parsed"),
    ],
)
def test_an_address_is_one_address(address: str, refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        write(Letter(uuid4(), 1, address, "Hello", "Body"), "clinic@example.org")


def test_an_address_that_mail_cannot_carry_fails_and_stops_nobody(
    database: Database, clinic: Clinic, server: MailServer
) -> None:
    far = create_patient(clinic.desk, email="ådå@example.org")
    clinic.at(BOOKED).booked("2027-03-27T12:20:00Z", patient_id=far["id"])
    do_minutes_work(database, REMINDED + timedelta(minutes=20))
    send(database, server, REMINDED + timedelta(minutes=20))

    assert sorted(states(database, clinic)) == [("failed", 1), ("sent", 1)]


def test_the_queue_sends_mail_where_there_is_a_server_alone(database: Database, server: MailServer) -> None:
    sending = Sending(sealer=LINKS.sealer, address=LINKS.address, mail=server)

    assert "mail" in make_queue(database, lambda: REMINDED, sending).tasks
    assert "mail" not in make_queue(database, lambda: REMINDED, replace(sending, mail=None)).tasks
