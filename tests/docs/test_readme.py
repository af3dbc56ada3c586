"""The README names what there is: endpoint groups, commands, make targets, dependencies, licences."""

import re
import tomllib
from importlib.metadata import metadata

import pytest
from flask import Flask

from cli import main
from config import PROJECT
from tests.docs.pages import README, first_codes, rows, section

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
RUNTIME = PYPROJECT["project"]["dependencies"]
DEVELOPMENT = PYPROJECT["project"]["optional-dependencies"]["dev"]
DEPENDENCIES = sorted({re.split(r"[\[><=;]", one)[0] for one in (*RUNTIME, *DEVELOPMENT)})
ROWS = {row[0].strip("`"): row for row in rows(section(README, "What it is built with"))}
# How packages that carry no SPDX expression word their licence.
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
}


def licence(package: str) -> str:
    """Give a package's licence as its installed metadata has it."""
    known = metadata(package)
    named = known.get("License-Expression") or known.get("License")
    classified = [c for c in known.get_all("Classifier") or [] if c.startswith("License ::")]
    worded = (named or classified[0].rpartition(" :: ")[2]).strip().splitlines()[0].strip()
    return SPDX.get(worded, worded)


def test_every_endpoint_group_is_named(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").get_json()

    assert sorted(first_codes(section(README, "What the API offers"))) == sorted(
        tag["name"] for tag in document["tags"]
    )


def test_every_command_is_named() -> None:
    told = [code.split()[1] for code in first_codes(section(README, "The command line"))]

    assert sorted(told) == sorted(main.commands)


def test_every_make_target_is_named() -> None:
    targets = re.findall(r"^([a-z0-9-]+):.*##", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE)

    assert sorted(first_codes(section(README, "Make targets"))) == sorted(f"make {name}" for name in targets)


def test_every_dependency_has_a_row_that_says_what_it_is_for() -> None:
    assert sorted(ROWS) == DEPENDENCIES
    assert all(len(row[1]) > len("types of") for row in ROWS.values())


@pytest.mark.parametrize("package", DEPENDENCIES)
def test_a_dependencys_licence_is_the_one_it_declares(package: str) -> None:
    assert ROWS[package][2] == licence(package)


def test_the_two_commands_are_make_targets() -> None:
    assert re.findall(r"^make (\w+)", section(README, "Two commands"), flags=re.MULTILINE) == ["run", "test"]


def test_the_opening_takes_about_ten_lines() -> None:
    opening = README.read_text().split("\n## ")[0].splitlines()

    assert len([line for line in opening if line]) <= 12
