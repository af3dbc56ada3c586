"""The first lines that the page of clients gives in TypeScript and Python do what they promise."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config import PROJECT
from tests.docs.pages import blocks, section
from tests.generators.conftest import HERE, PYTHON
from tests.support.cast import create_clinic
from tests.support.desk import Desk
from tests.support.programs import run

PAGE = PROJECT / "docs" / "clients.md"


@pytest.fixture
def reader(desk: Desk, address: str, tmp_path: Path) -> Callable[[list[str]], str]:
    """Give a reader of the page who has installed everything, and runs commands in a folder of their own."""
    create_clinic(desk, procedure={"code": "CONSULT_NEW"})
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(HERE / name, tmp_path)
    path = os.pathsep.join([str(PYTHON), os.environ["PATH"]])
    environment = {"PATH": path, "CLINIC_URL": address, "CLINIC_KEY": desk.key}

    def do(commands: list[str]) -> str:
        return run(["bash", "-euc", "\n".join(commands)], environment, tmp_path)

    return do


def written(title: str, language: str, folder: Path, name: str) -> list[str]:
    """Write a section's program into a file, and give the section's commands."""
    text = section(PAGE, title)
    (program,) = blocks(text, language)
    (folder / name).write_text(program)
    return blocks(text, "bash")


@pytest.mark.parametrize(
    ("title", "told"),
    [("TypeScript, with openapi-fetch", "booked 20"), ("TypeScript, with Hey API", " 0\n")],
)
def test_the_lines_in_typescript_are_typed_and_run(
    reader: Callable[[list[str]], str], tmp_path: Path, title: str, told: str
) -> None:
    commands = written(title, "typescript", tmp_path, "first.ts")

    assert told in reader([*commands, "npx tsc -p .", "node out/first.js"])


def test_the_lines_in_python_run(reader: Callable[[list[str]], str], tmp_path: Path) -> None:
    commands = written("Python", "python", tmp_path, "first.py")

    assert reader([*commands, "python first.py"]).endswith("cancelled\n")
