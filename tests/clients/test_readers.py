"""Odd calendars mean to `ical.js` what they mean to us, or it differs for a reason that is stated."""

import shutil
import subprocess

import pytest

from tests.clients.conftest import HERE
from tests.support.programs import PATIENCE_SECONDS
from tests.sync.busy.odd import Odd
from tests.sync.busy.odd_calendars import ODD
from tests.sync.busy.other_readers import ICAL_JS, answered, asked, judge, reasons

REASONS = reasons(ICAL_JS)


@pytest.fixture(scope="module")
def theirs() -> dict[str, tuple[str, ...]]:
    """Give what `ical.js` reads in each calendar."""
    node = shutil.which("node")
    assert node, "Node is missing: install it, then run make test-clients"
    done = subprocess.run(  # noqa: S603 - the library under test
        [node, HERE / "busy.mjs"], input=asked(), capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return answered(done.stdout)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_ical_js_reads_the_same_busy_time_unless_a_reason_is_stated(
    odd: Odd, theirs: dict[str, tuple[str, ...]]
) -> None:
    judge(odd, theirs, REASONS)
