"""Requests that schemathesis writes from the OpenAPI document are answered as the document says."""

import pytest
from schemathesis import GenerationMode
from schemathesis.generation.meta import CoverageScenario
from schemathesis.schemas import APIOperation, BaseSchema

from tests.api.furnished import Furnished
from tests.api.generated import OPERATIONS, ask, random_requests

TURNED_AWAY = {401, 403, 404}
REFUSED = {404, 422}
OUT_OF_BOUNDS = {
    CoverageScenario.STRING_ABOVE_MAX_LENGTH,
    CoverageScenario.STRING_BELOW_MIN_LENGTH,
    CoverageScenario.VALUE_ABOVE_MAXIMUM,
    CoverageScenario.VALUE_BELOW_MINIMUM,
    CoverageScenario.NOT_MULTIPLE_OF,
    CoverageScenario.INVALID_ENUM_VALUE,
    CoverageScenario.INVALID_PATTERN,
    CoverageScenario.ARRAY_ABOVE_MAX_ITEMS,
    CoverageScenario.ARRAY_BELOW_MIN_ITEMS,
    CoverageScenario.NON_UNIQUE_ITEMS,
    CoverageScenario.MISSING_PARAMETER,
    CoverageScenario.OBJECT_MISSING_REQUIRED_PROPERTY,
}


each_operation = pytest.mark.parametrize("operation", OPERATIONS, indirect=True)


@each_operation
def test_a_request_by_the_document_is_answered_by_the_document(
    furnished: Furnished, operation: APIOperation
) -> None:
    answered = random_requests(ask(furnished, operation), operation, GenerationMode.POSITIVE)

    assert answered.keys() - TURNED_AWAY


@each_operation
def test_a_request_against_the_document_is_refused_by_the_document(
    furnished: Furnished, operation: APIOperation
) -> None:
    answered = random_requests(ask(furnished, operation), operation, GenerationMode.NEGATIVE)

    assert answered.keys() & REFUSED


@each_operation
def test_a_value_just_out_of_its_bounds_is_refused(
    furnished: Furnished, schema: BaseSchema, operation: APIOperation
) -> None:
    act = ask(furnished, operation)
    wrong = schema.iter_coverage_cases(
        operation, generation_modes=[GenerationMode.NEGATIVE], generation_config=schema.config.generation
    )

    answered = {act(case) for case in wrong if case.meta.phase.data.scenario in OUT_OF_BOUNDS}

    assert answered == {422}


def test_more_slots_than_a_client_may_send_are_answered_by_the_document(
    furnished: Furnished, schema: BaseSchema
) -> None:
    named = {name: furnished.values[name] for name in ("procedure_id", "location_id")}

    answer = furnished.desk.get("/availability", **named, from_="2027-01-06", until="2027-01-20")

    assert len(answer.get_json()["slots"]) > 500
    schema["/v1/availability"]["GET"].validate_response(answer)
