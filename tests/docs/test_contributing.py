"""The page for contributors names every make target, and commits are checked by the same tools as in make."""

import re

from config import PROJECT
from tests.docs.pages import CONTRIBUTING, first_codes, section, tracked_files

MAKEFILE = (PROJECT / "Makefile").read_text()
HOOKS = (PROJECT / ".pre-commit-config.yaml").read_text()


def commands(target: str) -> list[str]:
    """Give the commands that a make target runs from the environment."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    assert found is not None
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in found[1].splitlines()]


def test_every_make_target_is_named() -> None:
    targets = re.findall(r"^([a-z0-9-]+):.*##", MAKEFILE, flags=re.MULTILINE)

    assert sorted(first_codes(section(CONTRIBUTING, "Make targets"))) == sorted(
        f"make {name}" for name in targets
    )


def test_every_folder_of_code_and_every_wing_is_named() -> None:
    parts = [path.relative_to(PROJECT).parts for path in tracked_files() if path.suffix == ".py"]
    folders = {f"{one[0]}/" for one in parts if len(one) > 1} - {"tests/"}
    wings = {f"{one[0]}/{one[1]}/" for one in parts if one[0] in {"booking", "sync"} and len(one) > 2}
    tests = {f"tests/{one[1]}/" for one in parts if one[0] == "tests" and len(one) > 2}

    assert folders | wings | tests <= set(first_codes(section(CONTRIBUTING, "Where things are")))


def test_a_commit_is_checked_by_what_make_runs() -> None:
    hooks = re.findall(r"^ +entry: (.+)$", HOOKS, flags=re.MULTILINE)

    assert hooks == [*commands("lint"), *commands("types")]


def test_the_locks_alone_say_which_versions_check_a_commit() -> None:
    assert re.findall(r"repo: (.+)$", HOOKS, flags=re.MULTILINE) == ["local"]
    assert re.findall(r"^ *(rev|additional_dependencies):", HOOKS, flags=re.MULTILINE) == []
    assert set(re.findall(r"language: (.+)$", HOOKS, flags=re.MULTILINE)) == {"system"}
