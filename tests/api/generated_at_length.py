"""A long run of generated requests over all kinds of keys, by hand: `make test-generated`."""

from collections import Counter
from collections.abc import Iterator
from math import ceil

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from tests.api.furnished import Furnished
from tests.api.generated import OPERATIONS, ask, ask_as_visitor, random_requests
from tests.api.visitors import OPEN_TO, headers_of, operations_of

CALLS = 20_000
PLACES = {"secret": OPERATIONS} | {kind: operations_of(kind) for kind in OPEN_TO}


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[dict[str, Counter[int]]]:
    """Count the statuses of the answers by kind of key, and print them at the end."""
    counted: dict[str, Counter[int]] = {kind: Counter() for kind in PLACES}
    yield counted
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        for kind, statuses in counted.items():
            print(f"\n{kind}: {statuses.total()} calls, {dict(sorted(statuses.items()))}")  # noqa: T201 - the figures


@pytest.mark.parametrize(
    ("kind", "operation"),
    [(kind, label) for kind, labels in PLACES.items() for label in labels],
    indirect=["operation"],
)
def test_each_kind_of_key_is_answered_by_the_document(
    furnished: Furnished, operation: APIOperation, kind: str, figures: dict[str, Counter[int]]
) -> None:
    if kind == "secret":
        act = ask(furnished, operation)
    else:
        act = ask_as_visitor(furnished, operation, headers_of(kind, furnished))
    wanted = ceil(CALLS / len(PLACES) / len(PLACES[kind]))
    number = examples(
        max_examples=ceil(wanted / 2),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    sent: Counter[int] = Counter()
    while sent.total() < wanted:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            sent += random_requests(act, operation, mode, number)
    figures[kind] += sent
