"""Reads the project's pages: tables, code blocks, headings, links."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from config import PROJECT

README = PROJECT / "README.md"
CONTRIBUTING = PROJECT / "CONTRIBUTING.md"
OPERATING = PROJECT / "docs" / "operating.md"
DEPENDENCIES = PROJECT / "docs" / "dependencies.md"
FIRST_CHANGES = PROJECT / "docs" / "first-changes.md"
ERRORS = PROJECT / "docs" / "api" / "errors.md"
PAGES = sorted(
    [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")],
)


def section(page: Path, title: str) -> str:
    """Give what lies below a heading of the second level."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def rows(text: str) -> list[list[str]]:
    """Give the cells of every table row whose first cell is code, as text."""
    found = re.findall(r"^\| (`.+) \|$", text, flags=re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in found]


def first_codes(text: str) -> list[str]:
    """Give what the first cells of the table rows name."""
    return [code for row in rows(text) for code in re.findall(r"`([^`]+)`", row[0])]


def links(page: Path) -> list[Path]:
    """List the files and folders of the project that a page links to."""
    found = re.findall(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)", page.read_text())
    targets = [link.partition("#")[0] for link in found if "://" not in link]
    return [(page.parent / target).resolve() for target in targets if target]


def paths(page: Path) -> list[str]:
    """List the files and folders of the project that a page names in code, present or not."""
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[a-z_.-]+\.(?:py|toml|lock))`", page.read_text())
    folders = {path.relative_to(PROJECT).parts[0] for path in tracked_files()}
    return [one for one in named if one.partition("/")[0] in folders or "/" not in one]


def examples(page: Path, title: str) -> dict[str, dict[str, Any]]:
    """Give the JSON in the last cell of each row of a section's table, by what the first cell names."""
    return {row[0].strip("`"): json.loads(row[-1].strip("`")) for row in rows(section(page, title))}


def blocks(text: str, language: str) -> list[str]:
    """Give the code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def tracked_files() -> list[Path]:
    """List the files that belong to the project: those that git keeps and those it would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git of the machine
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := PROJECT / name).is_file()]
