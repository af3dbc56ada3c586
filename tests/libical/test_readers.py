"""Odd calendars mean to libical what they mean to us, or it differs for a reason that is stated."""

import subprocess
from pathlib import Path

import pytest

from tests.sync.busy.odd import Odd
from tests.sync.busy.odd_calendars import ODD
from tests.sync.busy.other_readers import LIBICAL, answered, asked, judge, reasons

REASONS = reasons(LIBICAL)
SCRIPT = Path(__file__).with_name("busy.py")


@pytest.fixture(scope="module")
def theirs() -> dict[str, tuple[str, ...]]:
    """Give what libical reads in each calendar."""
    command = ["/usr/bin/python3", "-I", str(SCRIPT)]
    done = subprocess.run(command, input=asked(), capture_output=True, check=False)  # noqa: S603 - our own script
    assert done.returncode == 0, done.stderr
    return answered(done.stdout)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_libical_reads_the_same_busy_time_unless_a_reason_is_stated(
    odd: Odd, theirs: dict[str, tuple[str, ...]]
) -> None:
    judge(odd, theirs, REASONS)
