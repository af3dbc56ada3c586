"""The application accepts well-formed requests and refuses all others."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from config import Settings
from models.database import Database
from tests.api.toys import TOY_ID, seen, toy_app
from tests.support.cast import pointers
from tests.support.desk import Desk


def _send(desk: Desk, body: bytes, content_type: str | None = "application/json") -> Any:
    return desk.request("POST", "/toys", data=body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["/name"]),
        ({"name": "ball", "colour": "red"}, ["/colour"]),
        ({"name": "ball", "id": "018f3f3e-0000-7000-8000-00000000000a"}, ["/id"]),
        ({"name": "ball", "parts": [{"minutes": 5}, {"minutes": 7}]}, ["/parts/1/minutes"]),
        ({"name": "ball", "parts": [{"minutes": 5, "x": 1}]}, ["/parts/0/x"]),
        ({"name": "ball", "parts": [5]}, ["/parts/0"]),
        ({"name": "ball", "a/b~c": 1}, ["/a~1b~0c"]),
        ({"name": "a\x00"}, ["/name"]),
        ({"name": "ball", "a\x00b": 1}, [""]),
        ({"name": "ball", "size": None}, ["/size"]),
        ([], [""]),
        ("text", [""]),
        (5, [""]),
        (None, [""]),
    ],
)
def test_a_body_is_refused_by_its_fields(child: Desk, body: object, expected: list[str]) -> None:
    assert pointers(_send(child, json.dumps(body).encode())) == expected


def test_every_field_at_fault_is_named_at_once(child: Desk) -> None:
    assert sorted(pointers(child.post("/toys", {"name": 1, "size": "2", "x": 3}))) == [
        "/name",
        "/size",
        "/x",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b'{"name": 1e999}',
        b"[" * 3000 + b"]" * 3000,
        b"\x00",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_json_is_422(child: Desk, body: bytes) -> None:
    assert pointers(_send(child, body)) == [""]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_another_content_type_is_415(child: Desk, content_type: str | None) -> None:
    answer = _send(child, b'{"name": "ball"}', content_type)

    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


def test_a_body_of_a_mebibyte_is_read_and_a_byte_more_is_413(child: Desk) -> None:
    body = b'{"name": "ball"}'

    assert _send(child, body.ljust(1024 * 1024)).status_code == 201
    assert _send(child, body.ljust(1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize(
    ("length", "status"), [(1024 * 1024, 201), (1024 * 1024 + 1, 413), (2 * 1024 * 1024, 413)]
)
def test_a_body_in_chunks_is_bounded_alike(child: Desk, length: int, status: int) -> None:
    answer = child.request(
        "POST",
        "/toys",
        input_stream=BytesIO(b'{"name": "ball"}'.ljust(length)),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )

    assert answer.status_code == status


def test_an_operation_without_a_body_takes_none_or_an_empty_one(child: Desk) -> None:
    assert child.request("POST", "/toys/act").status_code == 200
    assert child.request("POST", "/toys/act", json={}).status_code == 200


def test_an_operation_without_a_body_refuses_one(child: Desk) -> None:
    assert pointers(child.post("/toys/act", {"a": 1})) == ["/a"]
    assert pointers(child.post("/toys/act", [1])) == [""]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", ["?limit"]),
        ("limit=501", ["?limit"]),
        ("limit=5x", ["?limit"]),
        ("limit=", ["?limit"]),
        ("colour=red", ["?colour"]),
        ("limit=1&limit=2", ["?limit"]),
        ("areas=FACE&areas=FACE", ["?areas"]),
        ("areas=FACE,,NECK", ["?areas"]),
        ("areas=FA%00CE", ["?areas"]),
    ],
)
def test_a_query_is_refused_by_its_fields(child: Desk, query: str, expected: list[str]) -> None:
    found = pointers(child.request("GET", f"/toys?{query}"))

    assert [pointer.partition("/")[0] for pointer in found] == expected


@pytest.mark.parametrize("query", ["areas=FACE,NECK", "areas=FACE&areas=NECK"])
def test_a_list_in_a_query_is_read_with_commas_and_from_clients_that_repeat_it(
    child: Desk, query: str
) -> None:
    assert child.request("GET", f"/toys?{query}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/toys", {"name": "ball"}), ("GET", f"/toys/{TOY_ID}", None)],
)
def test_an_operation_without_a_query_refuses_one(child: Desk, method: str, path: str, body: object) -> None:
    assert pointers(child.request(method, f"{path}?colour=red", json=body)) == ["?colour"]


@pytest.mark.parametrize("given_id", ["a", "A-b_c.9", "x" * 64])
def test_a_sane_request_id_is_kept(child: Desk, given_id: str) -> None:
    answer = child.request("GET", "/toys", {"X-Request-Id": given_id})

    assert answer.headers["X-Request-Id"] == given_id


@pytest.mark.parametrize("given_id", ["", "x" * 65, "a b", "a\u00e9", 'a"', "a;b"])
def test_another_request_id_is_replaced(child: Desk, given_id: str) -> None:
    answer = child.request("GET", "/toys", {"X-Request-Id": given_id})

    assert re.fullmatch("[0-9a-f-]{36}", answer.headers["X-Request-Id"])


def test_the_caller_carries_the_request_and_its_author(child: Desk) -> None:
    named = "Zo\u00eb \u0141ukasz".encode().decode("latin-1")

    answer = child.post("/toys/act", **{"X-Request-Id": "r1", "X-Actor": named})

    assert answer.get_json()["request_id"] == "r1"
    assert answer.get_json()["actor"] == "Zo\u00eb \u0141ukasz"


@pytest.mark.parametrize(("length", "status"), [(99, 200), (100, 200), (101, 422)])
def test_an_author_has_at_most_100_characters(child: Desk, length: int, status: int) -> None:
    assert child.post("/toys/act", **{"X-Actor": "a" * length}).status_code == status


@pytest.mark.parametrize("author", ["a\x07b", "\xff"])
def test_an_author_is_printable(child: Desk, author: str) -> None:
    assert pointers(child.post("/toys/act", **{"X-Actor": author})) == ["X-Actor"]


def test_the_clock_is_the_real_one(child: Desk) -> None:
    now = datetime.fromisoformat(child.post("/toys/act").get_json()["now"])

    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_the_sandbox_clock_is_the_callers(child: Desk) -> None:
    answer = child.at("2027-04-03T10:00:00+01:00").post("/toys/act")

    assert answer.get_json()["now"] == "2027-04-03T10:00:00+01:00"


@pytest.mark.parametrize("instant", ["2027-04-03T10:00:00", "tomorrow", "", "1800000000"])
def test_a_sandbox_clock_without_its_offset_is_422(child: Desk, instant: str) -> None:
    assert pointers(child.post("/toys/act", **{"X-Clinic-Now": instant})) == ["X-Clinic-Now"]


def test_outside_the_sandbox_the_clock_cannot_be_set(desk: Desk, database: Database) -> None:
    served = replace(desk, app=toy_app(Settings(), database, seen))

    answer = served.at("2027-04-03T10:00:00+01:00").post("/toys/act")

    assert pointers(answer) == ["X-Clinic-Now"]
    assert "CLINIC_SANDBOX" in answer.get_json()["detail"]


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(["name", "size", "code", "parts", "x"]), _ANYTHING) | _ANYTHING)
def test_no_body_whatever_is_a_server_error(child: Desk, body: object) -> None:
    answer = _send(child, json.dumps(body).encode())

    assert answer.status_code in {201, 422}


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(["limit", "cursor", "areas", "x"]), st.text()))
def test_no_query_whatever_is_a_server_error(child: Desk, query: dict[str, str]) -> None:
    answer = child.request("GET", "/toys", query_string=query)

    assert answer.status_code in {200, 422}


def test_a_request_is_one_line_of_the_log_without_its_query(
    child: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    child.get("/toys", areas="FACE")

    line = json.loads(capsys.readouterr().err)
    assert {name: line[name] for name in ("method", "route", "status", "clinic_id")} == {
        "method": "GET",
        "route": "/v1/toys",
        "status": 200,
        "clinic_id": str(child.clinic_id),
    }
    assert line["ms"] > 0
    assert "FACE" not in json.dumps(line)
