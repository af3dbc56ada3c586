"""Requests by the document with a publishable key, a booking token or a link are answered by the document."""

import pytest
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from tests.api.furnished import Furnished
from tests.api.generated import ask_as_visitor, random_requests
from tests.api.visitors import OPEN_TO, headers_of, operations_of

REFUSED = {404, 422}


@pytest.mark.parametrize(
    ("kind", "operation"),
    [(kind, label) for kind in OPEN_TO for label in operations_of(kind)],
    indirect=["operation"],
)
def test_what_a_visitor_sends_is_answered_by_the_document(
    furnished: Furnished, operation: APIOperation, kind: str
) -> None:
    act = ask_as_visitor(furnished, operation, headers_of(kind, furnished))
    by_the_document = random_requests(act, operation, GenerationMode.POSITIVE)
    against_it = random_requests(act, operation, GenerationMode.NEGATIVE)

    assert not by_the_document.keys() & {401, 403}
    assert against_it.keys() & REFUSED
