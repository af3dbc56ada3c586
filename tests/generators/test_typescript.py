"""TypeScript clients of two generators compile strictly, and book, move, cancel and create everything."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generators.conftest import TOLD, TOOLS
from tests.support.programs import run


@pytest.fixture(scope="session")
def compiled(workshop: Path) -> Path:
    """Generate both clients and compile them with every program; give the folder of the JavaScript."""
    run(
        [workshop / TOOLS / "openapi-typescript", "openapi.json", "-o", "openapi-typescript/schema.d.ts"],
        {},
        workshop,
    )
    tools = workshop / TOOLS
    run([tools / "openapi-typescript", "openapi.json", "-o", "openapi-typescript/schema.d.ts"], {}, workshop)
    run([tools / "openapi-ts", "-i", "openapi.json", "-o", "hey-api"], {}, workshop)
    run([tools / "tsc", "-p", "."], {}, workshop)
    return workshop / "out"


@pytest.mark.parametrize("program", ["openapi_fetch.js", "hey_api.js"])
def test_a_client_books_a_visit_moves_it_and_cancels_it(
    compiled: Path, tell: Callable[..., str], visit: dict[str, str], program: str
) -> None:
    assert json.loads(tell("node", compiled / program, **visit)) == TOLD


def test_a_client_creates_an_object_of_every_kind(
    compiled: Path, tell: Callable[..., str], creating: list[str]
) -> None:
    assert json.loads(tell("node", compiled / "create_everything.js")) == creating
