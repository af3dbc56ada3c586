"""All users of a data folder share one embedded server, which starts even after a crash."""

import signal
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.support.processes import User, clinic, has_ended, postgres, wait_until

pytestmark = pytest.mark.embedded

WROTE = 42


def write(url: str) -> None:
    """Commit one row."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [WROTE])


def read(url: str) -> list[int]:
    """Read every row there is."""
    with psycopg.connect(url) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM kept")]


def test_the_server_stops_with_its_last_user(used_folder: Path) -> None:
    with User(used_folder) as first:
        first.url()
        server = postgres(used_folder)
        with User(used_folder) as second:
            second.url()
        running_with_one_user = not has_ended(server)

    assert running_with_one_user
    assert has_ended(server)


def test_two_processes_on_one_folder_share_its_server(empty_folder: Path) -> None:
    with User(empty_folder) as first, User(empty_folder) as second:
        urls = {first.url(), second.url()}
        write(urls.copy().pop())

        assert len(urls) == 1
        assert read(urls.pop()) == [WROTE]


def test_the_next_start_takes_over_from_a_user_that_was_killed(used_folder: Path) -> None:
    killed = User(used_folder)
    write(killed.url())
    server = postgres(used_folder)
    killed.kill()
    left_running = not has_ended(server)
    with User(used_folder) as heir:
        url = heir.url()

        assert left_running
        assert postgres(used_folder).pid == server.pid
        assert read(url) == [WROTE]
    assert has_ended(server)


def test_the_next_start_recovers_a_server_that_was_killed(used_folder: Path) -> None:
    with User(used_folder) as first:
        write(first.url())
        server = postgres(used_folder)
        server.send_signal(signal.SIGKILL)
        server.wait()
        with User(used_folder) as second:
            url = second.url()

            new = postgres(used_folder)

            assert read(url) == [WROTE]
            assert new.pid != server.pid
    assert has_ended(new)


def test_the_next_start_recovers_when_everything_was_killed(used_folder: Path) -> None:
    killed = User(used_folder)
    write(killed.url())
    server = postgres(used_folder)
    killed.kill()
    server.send_signal(signal.SIGKILL)
    server.wait()
    with User(used_folder) as heir:
        url = heir.url()

        assert read(url) == [WROTE]
    wait_until(lambda: not (used_folder / "postgres" / "postmaster.pid").exists())


def test_the_user_that_outlives_a_restarted_server_stops_it(used_folder: Path) -> None:
    with User(used_folder) as first:
        first.url()
        server = postgres(used_folder)
        server.send_signal(signal.SIGKILL)
        server.wait()
        with User(used_folder) as second:
            second.url()
            new = postgres(used_folder)
        running_with_one_user = not has_ended(new)

    assert running_with_one_user
    assert has_ended(new)


def test_a_pid_that_now_belongs_to_somebody_else_is_not_taken_for_the_server(used_folder: Path) -> None:
    with User(used_folder) as first:
        write(first.url())
    other = psutil.Process()
    # A crash leaves such a file behind; its process id belongs to another process by now.
    lines = [
        str(other.pid),
        str(used_folder / "postgres"),
        "1",
        "5432",
        str(used_folder),
        "",
        "1 1",
        "ready",
    ]
    (used_folder / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    with User(used_folder) as second:
        url = second.url()

        assert read(url) == [WROTE]


def test_a_first_start_that_was_killed_halfway_is_begun_again(empty_folder: Path) -> None:
    killed = User(empty_folder)
    wait_until((empty_folder / "postgres" / "PG_VERSION").exists)
    killed.kill()
    with User(empty_folder) as heir:
        url = heir.url()
        write(url)

        assert read(url) == [WROTE]
    with User(empty_folder) as again:
        assert read(again.url()) == [WROTE]


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_folder_that_cannot_be_written_is_one_line_that_says_what_to_set(
    empty_folder: Path, command: str
) -> None:
    (empty_folder / "file").touch()
    told = clinic(command, CLINIC_DATA_DIR=str(empty_folder / "file" / "data"))

    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert "CLINIC_DATA_DIR" in told.stderr


def test_a_server_that_does_not_start_is_one_line_that_says_what_to_set(empty_folder: Path) -> None:
    (empty_folder / "postgres").mkdir()
    (empty_folder / "postgres" / "PG_VERSION").write_text("18\n")
    told = clinic("migrate", CLINIC_DATA_DIR=str(empty_folder))

    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert "CLINIC_DATA_DIR" in told.stderr
