"""The README's first booking, run line by line against a live server."""

import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from config import PROJECT
from tests.docs.pages import README, blocks, section
from tests.support.processes import data_folder, environment, serving, wait_until

pytestmark = pytest.mark.embedded

STEPS = blocks(section(README, "A first booking, step by step"), "bash")


def is_up(address: str) -> bool:
    """Whether the server says that it is ready."""
    try:
        return requests.get(f"{address}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    """Run the steps in one shell and give every JSON answer that they print."""
    with data_folder() as folder, serving(folder / "data", folder / "log") as (_, address):
        wait_until(lambda: is_up(address))
        script = "\n".join(f"{step}echo" for step in STEPS)
        script = script.replace("http://127.0.0.1:8080", address)
        script = script.replace(".venv/bin/clinic", str(Path(sys.executable).with_name("clinic")))
        told = subprocess.run(  # noqa: S603 - the README's own steps
            ["bash", "-eu", "-c", script],  # noqa: S607 - the machine's own shell
            cwd=PROJECT,
            env=environment(CLINIC_DATA_DIR=str(folder / "data")),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (told.returncode, told.stderr) == (0, "")
    return [json.loads(line) for line in told.stdout.splitlines() if line]


def test_the_steps_book_a_consultation_and_a_visit_a_day_after_it(answers: list[dict[str, Any]]) -> None:
    talk, booked, *_ = answers
    waited = datetime.fromisoformat(booked["starts_at"]) - datetime.fromisoformat(talk["ends_at"])

    assert (talk["status"], booked["status"]) == ("booked", "booked")
    assert [phase["kind"] for phase in talk["phases"]] == ["consultation", "turnover"]
    assert [phase["kind"] for phase in booked["phases"]][:4] == ["intake", "numbing", "prep", "procedure"]
    assert waited >= timedelta(hours=24)


def test_the_same_time_again_is_refused_with_reasons_and_other_slots(answers: list[dict[str, Any]]) -> None:
    refused = answers[2]

    assert (refused["status"], refused["code"]) == (409, "refused")
    assert {"patient_busy", "spacing_min"} <= {refusal["code"] for refusal in refused["refusals"]}
    assert len(refused["alternatives"]) == 5


def test_the_next_slot_for_the_patient_is_four_weeks_on(answers: list[dict[str, Any]]) -> None:
    _, booked, _, after = answers
    days = date.fromisoformat(after["starts_at"][:10]) - date.fromisoformat(booked["starts_at"][:10])

    assert days.days >= 28
