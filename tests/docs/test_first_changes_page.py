"""The page of first changes leads through files that exist, and creates only files that do not."""

import re

import pytest

from config import PROJECT
from tests.docs.pages import FIRST_CHANGES, paths, section

CHANGES = ("Add a refusal code", "Add a field to rooms", "Add an endpoint", "Add a table")


def test_every_file_to_be_changed_exists() -> None:
    found = paths(FIRST_CHANGES)

    assert len(found) > 40
    assert [path for path in found if not (PROJECT / path).exists()] == []


def test_every_file_to_be_created_is_missing_from_a_folder_that_exists() -> None:
    named = [PROJECT / path for path in re.findall(r"\*(\w+/[\w/]+\.py)\*", FIRST_CHANGES.read_text())]

    assert named
    assert [path for path in named if path.exists() or not path.parent.is_dir()] == []


@pytest.mark.parametrize("title", CHANGES)
def test_a_change_ends_with_what_to_run(title: str) -> None:
    command = re.search(r"^Run `\.venv/bin/pytest -n 2 ([^`]+)`", section(FIRST_CHANGES, title), re.MULTILINE)

    assert command is not None
    assert [path for path in command[1].split() if not (PROJECT / path).exists()] == []
