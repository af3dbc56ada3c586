"""A code goes out by the mail server, or in development into a file; never by both, and not in production."""

import email
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller

from config import MailServer, Settings, secret_of
from jobs.codes import CodeNotSentError, Sending, send_code, sending_of
from jobs.mail import ServerAwayError
from models import BookingCode
from models.database import Database
from models.sealing import Sealer, sealer
from tests.jobs.test_mail import AnyPort, Postbox
from tests.support.cast import Clinic, rows
from tests.support.online import Visitor, code_for, visitor_of

ADA = "ada@example.org"


@pytest.fixture
def postbox() -> Postbox:
    """Give an empty postbox."""
    return Postbox()


@pytest.fixture
def server(postbox: Postbox) -> Iterator[MailServer]:
    """Run a mail server on loopback."""
    controller: Controller = AnyPort(postbox, hostname="127.0.0.1", port=0)
    controller.start()
    yield MailServer(host="127.0.0.1", port=controller.port, sender="clinic@example.org")
    controller.stop()


@pytest.fixture
def visitor(clinic: Clinic) -> Visitor:
    """Give a visitor who has asked for a code."""
    visitor = visitor_of(clinic)
    visitor.post("/booking-tokens", {"email": ADA})
    return visitor


@pytest.fixture
def own(settings: Settings) -> Sealer:
    """Give the sealer of the server that made the code."""
    return sealer(secret_of(settings))


def send(
    database: Database, visitor: Visitor, sending: Sending, after: timedelta = timedelta()
) -> BookingCode:
    """Send the clinic's code as a worker does, and give it as it is stored then."""
    (code,) = rows(database, visitor.desk, BookingCode)
    clinic_id: UUID = visitor.desk.clinic_id
    send_code(database, clinic_id, code.id, lambda: datetime.now(UTC) + after, sending)
    (code,) = rows(database, visitor.desk, BookingCode)
    return code


def test_a_code_arrives_by_mail_and_only_its_digest_stays(
    visitor: Visitor, database: Database, server: MailServer, postbox: Postbox, own: Sealer
) -> None:
    code = code_for(visitor.desk, email=ADA)
    kept = send(database, visitor, Sending(sealer=own, address="", mail=server))
    (letter,) = postbox.letters

    assert (letter["X-To"], code in letter["Subject"], code in letter.get_content()) == (ADA, True, True)
    assert kept.sealed is None
    answer = visitor.post("/booking-tokens/verify", {"email": ADA, "code": code})
    assert answer.status_code == 200


def test_in_development_a_code_is_written_to_a_file_that_the_terminal_names(
    visitor: Visitor, database: Database, own: Sealer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = code_for(visitor.desk, email=ADA)
    kept = send(database, visitor, Sending(sealer=own, address="", outbox=tmp_path / "outbox"))
    (file,) = (tmp_path / "outbox").iterdir()
    letter = email.message_from_bytes(file.read_bytes(), policy=default)

    assert (letter["To"], code in str(letter["Subject"])) == (ADA, True)
    assert kept.sealed is not None
    assert str(file) in capsys.readouterr().err


def test_in_production_without_a_mail_server_nothing_is_written(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret="s" * 32)

    assert sending_of(settings).outbox == tmp_path / "outbox"
    assert sending_of(Settings(data_dir=tmp_path, secret="s" * 32, production=True)).outbox is None


def test_a_code_whose_time_is_over_is_not_sent(
    visitor: Visitor, database: Database, server: MailServer, postbox: Postbox, own: Sealer
) -> None:
    send(database, visitor, Sending(sealer=own, address="", mail=server), timedelta(minutes=10))

    assert postbox.letters == []


def test_a_server_that_refuses_for_now_is_asked_again(
    visitor: Visitor, database: Database, server: MailServer, postbox: Postbox, own: Sealer
) -> None:
    sending = Sending(sealer=own, address="", mail=server)
    postbox.answers = ["451 Come back later"]
    with pytest.raises(CodeNotSentError):
        send(database, visitor, sending)

    assert send(database, visitor, sending).sealed is None
    assert len(postbox.letters) == 1


def test_a_server_that_is_away_leaves_the_code_where_it_is(
    visitor: Visitor, database: Database, own: Sealer
) -> None:
    away = MailServer(host="127.0.0.1", port=1, sender="clinic@example.org")
    with pytest.raises(ServerAwayError):
        send(database, visitor, Sending(sealer=own, address="", mail=away))

    assert code_for(visitor.desk, email=ADA)
