"""Spectral's rules for OpenAPI find no fault in the document."""

from pathlib import Path

from tests.generators.conftest import TOOLS
from tests.support.programs import run


def test_spectral_finds_neither_errors_nor_warnings(workshop: Path) -> None:
    command = [workshop / TOOLS / "spectral", "lint", "--fail-severity", "warn", "openapi.json"]

    assert "No results with a severity of 'warn' or higher found" in run(command, {}, workshop)
