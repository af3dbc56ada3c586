"""The page of dependencies has each package with its licence, and the locks hold what the code imports."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import metadata, packages_distributions
from pathlib import Path

import pytest

from config import PROJECT
from tests.docs.pages import DEPENDENCIES, rows, section, tracked_files

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
# How packages that carry no SPDX expression word their licence.
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "MIT License": "MIT",
}
# What is not installed with the product: only these may import a package for development.
FOR_DEVELOPMENT = {"bench", "docs", "tests"}


def names(requirements: list[str]) -> list[str]:
    """Give the packages that requirements name, without versions and extras."""
    return sorted({re.split(r"[\[><=;]", one)[0] for one in requirements})


def locked(name: str) -> dict[str, str]:
    """Give each package of a lock with its line."""
    lines = (PROJECT / name).read_text().splitlines()
    return {re.split(r"[=;]", line)[0].strip(): line for line in lines}


def told(title: str) -> dict[str, list[str]]:
    """Give the rows of one of the page's tables by the package that they name."""
    return {row[0].strip("`"): row for row in rows(section(DEPENDENCIES, title))}


RUNTIME = names(PYPROJECT["project"]["dependencies"])
DEVELOPMENT = names(PYPROJECT["project"]["optional-dependencies"]["dev"])
TO_RUN, TO_DEVELOP = told("To run"), told("To develop")


def licence(package: str) -> str:
    """Give a package's licence as its installed metadata has it."""
    known = metadata(package)
    named = known.get("License-Expression") or known.get("License")
    classified = [c for c in known.get_all("Classifier") or [] if c.startswith("License ::")]
    worded = (named or classified[0].rpartition(" :: ")[2]).strip().splitlines()[0].strip()
    return SPDX.get(worded, worded)


def imported(path: Path) -> Iterator[str]:
    """Give the top-level modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@cache
def imported_to_run() -> frozenset[str]:
    """Give the packages that the product's own code imports, by the names under which they are installed."""
    files = [
        path.relative_to(PROJECT)
        for path in tracked_files()
        if path.suffix == ".py" and path.relative_to(PROJECT).parts[0] not in FOR_DEVELOPMENT
    ]
    own = {path.with_suffix("").parts[0] for path in files} | sys.stdlib_module_names
    found = {module for path in files for module in imported(PROJECT / path)} - own
    installed = packages_distributions()
    return frozenset(installed[module][0].lower().replace("_", "-") for module in found)


def test_every_dependency_has_a_row_that_says_what_it_is_for() -> None:
    assert list(TO_RUN) == RUNTIME
    assert list(TO_DEVELOP) == DEVELOPMENT
    assert all(len(row[1]) > len("types of") for row in (*TO_RUN.values(), *TO_DEVELOP.values()))


@pytest.mark.parametrize("package", [*RUNTIME, *DEVELOPMENT])
def test_a_dependencys_licence_is_the_one_it_declares(package: str) -> None:
    assert (TO_RUN | TO_DEVELOP)[package][2] == licence(package)


def test_what_the_product_imports_is_installed_by_make_run() -> None:
    assert imported_to_run() - set(locked("requirements.lock")) == set()


def test_what_the_product_imports_is_named_as_a_dependency() -> None:
    with_psycopg = {"psycopg-pool", "psycopg-binary"}

    assert imported_to_run() - set(RUNTIME) - with_psycopg == set()


def test_the_development_lock_changes_nothing_that_make_run_installs() -> None:
    to_run, to_develop = locked("requirements.lock"), locked("requirements-dev.lock")

    assert {name: to_develop.get(name) for name in to_run} == to_run
    assert set(DEVELOPMENT) <= set(to_develop) - set(to_run)
