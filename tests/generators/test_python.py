"""The client of openapi-python-client is typed strictly, and books, moves, cancels and creates everything."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generators.conftest import PYTHON, TOLD
from tests.support.programs import run

GENERATE = ["generate", "--path", "openapi.json", "--output-path", "clinic_client", "--meta", "none"]


@pytest.fixture(scope="session")
def generated(workshop: Path) -> Path:
    """Generate the client, and give the folder in which it lies."""
    # The generator formats what it has written by a program that it looks for.
    environment = {"PATH": os.pathsep.join([str(PYTHON), os.environ["PATH"]])}
    run([PYTHON / "openapi-python-client", *GENERATE, "--fail-on-warning"], environment, workshop)
    return workshop


def test_the_client_and_the_programs_on_it_are_typed(generated: Path) -> None:
    programs = sorted(generated.glob("python_*.py"))

    assert len(programs) == 2
    assert "Success" in run([PYTHON / "mypy", "--config-file", "mypy.ini", *programs], {}, generated)


def test_a_client_books_a_visit_moves_it_and_cancels_it(
    generated: Path, tell: Callable[..., str], visit: dict[str, str]
) -> None:
    assert json.loads(tell(PYTHON / "python", generated / "python_client.py", **visit)) == TOLD


def test_a_client_creates_an_object_of_every_kind(
    generated: Path, tell: Callable[..., str], creating: list[str]
) -> None:
    assert json.loads(tell(PYTHON / "python", generated / "python_create_everything.py")) == creating
