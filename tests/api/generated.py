"""Requests that schemathesis writes from the OpenAPI document, and the checks of their answers."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, checks
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.schemas import APIOperation

from api.app import create_app
from api.state import state_of
from config import Settings
from models.database import Database
from tests.api.furnished import Furnished, filled
from tests.support.full_clinic import NOW

Act = Callable[[Case], int]
RESPONSE_SCHEMA = checks.response_schema_conformance
SHOWN = {200, 201}
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    RESPONSE_SCHEMA,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]
# Only the first of a request's wrong parts stays wrong: an error in a header would hide the others.
PARTS = (ParameterLocation.BODY, ParameterLocation.QUERY, ParameterLocation.HEADER, ParameterLocation.PATH)
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


def ask(furnished: Furnished, operation: APIOperation) -> Act:
    """Make the act that sends a request with the clinic's key, checks the answer and gives its status."""
    values = furnished.values_for(operation.path)
    key = {"Authorization": f"Bearer {furnished.desk.key}"}

    def act(case: Case) -> int:
        complete(case, values)
        answer = case.call(headers=key)
        case.validate_response(answer, checks=CHECKS)
        return answer.status_code

    return act


def ask_as_visitor(furnished: Furnished, operation: APIOperation, headers: Mapping[str, str]) -> Act:
    """Make the same act with a visitor's headers.

    Where the document names fields of an object for publishable keys, a visitor gets these alone.
    """
    values = furnished.values_for(operation.path)
    fields = PATHS[operation.path][operation.method].get("x-publishable-fields")
    document_checks = [one for one in CHECKS if fields is None or one is not RESPONSE_SCHEMA]

    def act(case: Case) -> int:
        complete(case, values)
        key = {} if "Idempotency-Key" in case.headers else {"Idempotency-Key": str(uuid4())}
        # Dear searches use up what a visitor may ask for within a second.
        state_of(furnished.desk.app).limits.reset()
        answer = case.call(headers={**headers, **key})
        case.validate_response(answer, checks=document_checks)
        if fields is not None and answer.status_code in SHOWN:
            body = answer.json()
            assert {frozenset(one) for one in body.get("items", [body])} <= {frozenset(fields)}
        return answer.status_code

    return act


def random_requests(
    act: Act, operation: APIOperation, mode: GenerationMode, number: examples = few_examples
) -> Counter[int]:
    """Send random requests to an operation and count the statuses of the answers."""
    answered: Counter[int] = Counter()

    @number
    @given(case=operation.as_strategy(mode, feedback=NO_FEEDBACK))
    def send(case: Case) -> None:
        answered[act(case)] += 1

    send()
    return answered
