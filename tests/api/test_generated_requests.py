"""Requests that schemathesis writes from the OpenAPI document are answered as the document says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, checks
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.meta import CoverageScenario
from schemathesis.schemas import APIOperation, BaseSchema

from api.app import create_app
from config import Settings
from models.database import Database
from tests.api.furnished import Furnished, filled, furnish
from tests.support.copying import Copied
from tests.support.full_clinic import NOW

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]
# Only the first of a request's wrong parts stays wrong: an error in a header would hide the others.
PARTS = (ParameterLocation.BODY, ParameterLocation.QUERY, ParameterLocation.HEADER, ParameterLocation.PATH)
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
few_examples = examples(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

# Each operation is a test of its own, so the document is read before any test has a database.
NOWHERE = Database("postgresql://nobody@127.0.0.1:1/nothing")
PATHS = create_app(Settings(), NOWHERE).test_client().get("/openapi.json").get_json()["paths"]
OPERATIONS = sorted(
    f"{method.upper()} {path}"
    for path, item in PATHS.items()
    for method in item.keys() & {"get", "post", "patch", "put", "delete"}
    if path.startswith("/v1/")
)

# Most instants lie on the grid in a week that is booked; a date of any year would mostly be refused.
NEAR = st.integers(0, 7 * 288).map(lambda ticks: datetime.fromisoformat(NOW) + ticks * timedelta(minutes=5))
FAR = st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - see timezones
INSTANTS = st.one_of(NEAR, NEAR, NEAR, FAR)
schemathesis.openapi.format("date-time", INSTANTS.map(datetime.isoformat))
schemathesis.openapi.format("date", INSTANTS.map(lambda instant: instant.date().isoformat()))


@pytest.fixture(scope="module")
def schema(app: Flask) -> BaseSchema:
    """Let schemathesis read the document; it leaves the key alone."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema.config.generation.update(with_security_parameters=False)
    return schema


@pytest.fixture
def furnished(copied: Copied[Furnished]) -> Furnished:
    """Give a clinic with an object of every kind."""
    return copied(furnish)


def complete(case: Case, values: dict[str, str]) -> None:
    """Fill good values into a request, but for one part of it that is wrong on purpose."""
    wrong = next(filter(case.meta.is_negative_at, PARTS), None)
    if wrong != ParameterLocation.BODY and not isinstance(case.body, NotSet):
        case.body = filled(case.body, values)
    if wrong != ParameterLocation.QUERY:
        case.query = filled(case.query, values)
    if wrong != ParameterLocation.PATH:
        case.path_parameters = {name: values[name] for name in case.path_parameters}
    if wrong != ParameterLocation.HEADER:
        case.headers.clear()
        case.headers.update({"X-Clinic-Now": NOW, "If-Match": "*"})


def ask(furnished: Furnished, operation: APIOperation) -> Callable[[Case], int]:
    """Make the act that sends a request with the clinic's key, checks the answer and gives its status."""
    values = furnished.values_for(operation.path)
    key = {"Authorization": f"Bearer {furnished.desk.key}"}

    def act(case: Case) -> int:
        complete(case, values)
        answer = case.call(headers=key)
        case.validate_response(answer, checks=CHECKS)
        return answer.status_code

    return act


def random_requests(furnished: Furnished, operation: APIOperation, mode: GenerationMode) -> set[int]:
    """Send a few random requests to an operation and give the statuses of the answers."""
    act = ask(furnished, operation)
    answered = set()

    @few_examples
    @given(case=operation.as_strategy(mode, feedback=NO_FEEDBACK))
    def send(case: Case) -> None:
        answered.add(act(case))

    send()
    return answered


@pytest.fixture
def operation(schema: BaseSchema, request: pytest.FixtureRequest) -> APIOperation:
    """Give the operation that the test's parameter names."""
    found = schema.find_operation_by_label(request.param)
    assert found is not None
    return found


each_operation = pytest.mark.parametrize("operation", OPERATIONS, indirect=True)


@each_operation
def test_a_request_by_the_document_is_answered_by_the_document(
    furnished: Furnished, operation: APIOperation
) -> None:
    answered = random_requests(furnished, operation, GenerationMode.POSITIVE)

    assert answered - TURNED_AWAY


@each_operation
def test_a_request_against_the_document_is_refused_by_the_document(
    furnished: Furnished, operation: APIOperation
) -> None:
    answered = random_requests(furnished, operation, GenerationMode.NEGATIVE)

    assert answered & REFUSED


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
