"""Every page: links lead somewhere, decisions name their tests, no text betrays where it was written."""

import re
from pathlib import Path

import pytest

from config import PROJECT
from tests.docs.pages import CONTRIBUTING, DEPENDENCIES, PAGES, README, links, paths, tracked_files

ADRS = sorted((PROJECT / "docs" / "adr").glob("*.md"))
# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATHS = ("/ho" + "me/", "/Us" + "ers/", "/wo" + "rk/", "/ro" + "ot/")
REGISTRY_HOSTS = ("py" + "pi.org", "pythonhost" + "ed.org", "artifact" + "ory")


def named(paths: list[Path]) -> list[object]:
    """Name each file by its path in the project."""
    return [pytest.param(path, id=str(path.relative_to(PROJECT))) for path in paths]


@pytest.mark.parametrize("page", named(PAGES))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not target.exists()] == []


@pytest.mark.parametrize("page", named(PAGES))
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in paths(page) if not (PROJECT / path).exists()] == []


@pytest.mark.parametrize("page", named(sorted((PROJECT / "docs").glob("*.md"))))
def test_every_guide_can_be_found_from_the_readme(page: Path) -> None:
    assert page in links(README)


def test_the_readme_leads_to_what_each_dependency_is_for() -> None:
    assert DEPENDENCIES in links(README)
    assert CONTRIBUTING in links(README)


@pytest.mark.parametrize("page", named(PAGES))
def test_a_page_has_one_title(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)

    assert len(re.findall(r"^# ", prose, flags=re.MULTILINE)) == 1


@pytest.mark.parametrize("page", named(ADRS))
def test_a_decision_fits_one_screen_in_four_parts(page: Path) -> None:
    text = page.read_text()

    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == [
        "Context", "Decision", "Consequences", "Enforced by",
    ]  # fmt: skip
    assert text.count("\n") <= 45


@pytest.mark.parametrize("page", named(ADRS))
def test_a_decision_names_tests_that_exist(page: Path) -> None:
    tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page.read_text())
    missing = [
        test for path, test in tests if f"def {test}(" not in (PROJECT / path).read_text(encoding="utf-8")
    ]

    assert tests
    assert missing == []


def test_decisions_are_numbered_in_order() -> None:
    numbers = [int(page.name[:4]) for page in ADRS]

    assert numbers == list(range(1, len(ADRS) + 1))
    assert all(page.read_text().startswith(f"# {int(page.name[:4])}. ") for page in ADRS)


def test_every_module_opens_with_a_sentence() -> None:
    python = [path for path in tracked_files() if path.suffix == ".py"]

    assert [path for path in python if not re.match(r'"""[A-Z`].*', path.read_text())] == []


def test_locked_versions_carry_no_address() -> None:
    locks = [path.read_text() for path in PROJECT.glob("*.lock")]

    assert len(locks) == 2
    assert [lock for lock in locks if "://" in lock or "--" in lock] == []


def test_no_file_names_a_machines_path_or_a_package_registry() -> None:
    found = [
        (path.relative_to(PROJECT), word)
        for path in tracked_files()
        for word in (*MACHINE_PATHS, *REGISTRY_HOSTS)
        if word in path.read_text(encoding="utf-8", errors="ignore")
    ]

    assert found == []
