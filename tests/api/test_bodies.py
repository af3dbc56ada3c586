"""A request acts only when its body has arrived whole, says each thing once, and is of a bounded size."""

import json
import re
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from api.requests import MAX_PARTS
from tests.support.cast import Clinic, pointers
from tests.support.desk import Desk

TEN = "2027-03-01T10:00:00Z"
KEY = {"Idempotency-Key": "9b6f0a52-0b0e-4f36-9a0e-1f6e2d6b7f11"}
OTHER_KEY = {"Idempotency-Key": "9b6f0a52-0b0e-4f36-9a0e-1f6e2d6b7f12"}
_NOBODY = UUID("018f3f3e-0000-7000-8000-00000000000c")
_SLASHES = re.compile("//|%2f", re.IGNORECASE)
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class BrokenChunks(BytesIO):
    """A body as servers hand over one whose chunks are none: they raise errors of their own."""

    def read(self, size: int | None = -1) -> bytes:
        raise KeyError(size)


def cut_off(body: object, by: int = 5) -> dict[str, Any]:
    """Send a body that ends early, by a server that tells the end of the connection from nothing."""
    whole = json.dumps(body).encode()
    length = {"CONTENT_LENGTH": str(len(whole)), "wsgi.input_terminated": True}
    return {
        "input_stream": BytesIO(whole[:-by]),
        "content_type": "application/json",
        "environ_overrides": length,
    }


def writes(app: Flask) -> Iterator[tuple[str, str]]:
    """Give the method and a path of every operation that can write."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {*_WRITES}):
            yield method, adapter.build(rule.endpoint, values_of(rule), method)


def values_of(rule: Rule) -> dict[str, object]:
    """Fill in the parameters of a path."""
    return dict.fromkeys(rule.arguments - {*(rule.defaults or ())}, _NOBODY)


@pytest.mark.parametrize("arrives", [b"", b"{}", b'{"at": null', None])
def test_no_operation_acts_on_a_body_that_does_not_arrive_whole(app: Flask, arrives: bytes | None) -> None:
    client, length = app.test_client(), {"CONTENT_LENGTH": "100", "wsgi.input_terminated": True}
    answers = {
        (method, path): client.open(
            path,
            method=method,
            input_stream=BrokenChunks() if arrives is None else BytesIO(arrives),
            content_type="application/json",
            environ_overrides=length,
        )
        for method, path in writes(app)
        if path != "/.well-known/caldav"
    }

    assert len(answers) > 100
    assert {one.get_json()["code"] for one in answers.values()} == {"incomplete_body"}


@pytest.mark.parametrize(
    "headers",
    [
        {"CONTENT_LENGTH": "10"},
        {"CONTENT_LENGTH": "1", "wsgi.input_terminated": True},
        {"CONTENT_LENGTH": "2x"},
        {"CONTENT_LENGTH": "-2"},
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "2", "HTTP_TRANSFER_ENCODING": "gzip"},
    ],
)
def test_a_body_whose_end_is_not_known_is_400(child: Desk, headers: dict[str, Any]) -> None:
    answer = child.request(
        "POST",
        "/toys/act",
        input_stream=BytesIO(b"{}"),
        content_type="application/json",
        environ_overrides=headers,
    )

    assert (answer.status_code, answer.get_json()["code"]) == (400, "incomplete_body")


def test_what_was_cut_off_writes_nothing_and_succeeds_whole_with_the_same_key(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    confirm = f"/appointments/{visit['id']}/confirm"
    body = {"version": visit["version"]}
    patient = {"name": "Ada"}
    desk = clinic.desk

    assert desk.request("POST", confirm, KEY, **cut_off(body)).status_code == 400
    assert desk.request("POST", "/patients", OTHER_KEY, **cut_off(patient)).status_code == 400
    assert desk.get(f"/appointments/{visit['id']}").get_json()["version"] == visit["version"]
    assert desk.post(confirm, body, **KEY).get_json()["status"] == "confirmed"
    assert desk.post("/patients", patient, **OTHER_KEY).status_code == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name": "ball", "name": "bat"}', ["/name"]),
        (b'{"name": "ball", "name": "ball"}', ["/name"]),
        (b'{"name" \n : "ball", "na\\u006de":"bat"}', ["/name"]),
        (b'{"x": 1, "name": "b", "x": 2, "x": 3}', ["/x", "/x"]),
        (b'{"name": "b", "parts": [{"minutes": 5}, {"minutes": 5, "minutes": 10}]}', ["/parts/1/minutes"]),
        (b'{"name": "ball", "size": 1, "size": ' + b"9" * 300 + b"}", ["/size"]),
    ],
)
def test_a_member_that_is_given_twice_is_422(child: Desk, body: bytes, expected: list[str]) -> None:
    answer = child.request("POST", "/toys", data=body, content_type="application/json")

    assert pointers(answer) == expected
    assert answer.get_json()["errors"][0]["message"] == "Given more than once."


def test_a_text_may_look_like_a_member(child: Desk) -> None:
    assert child.made("/toys", name='"name": "a", "b":')["name"] == '"name": "a", "b":'


def test_very_many_unknown_fields_are_refused_soon_and_in_few_words(child: Desk) -> None:
    begun = time.process_time()
    answer = child.post("/toys", dict.fromkeys(map("f{}".format, range(85_000)), 1))

    assert (answer.status_code, pointers(answer)) == (422, [""])
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"x": [0] * (MAX_PARTS - 2)}, "/name"),
        ({"x": [0] * (MAX_PARTS - 1)}, "/name"),
        ({"x": [0] * MAX_PARTS}, ""),
        ({"x": [[[0] * 5000], {"a": [0] * 5000}]}, ""),
    ],
)
def test_a_body_has_a_bounded_number_of_members_and_items(child: Desk, body: object, refused: str) -> None:
    assert refused in pointers(child.post("/toys", body))


@pytest.mark.parametrize(("unknown", "named"), [(48, 49), (49, 50), (50, 51), (3000, 51)])
def test_an_answer_names_fifty_errors_and_counts_the_others(child: Desk, unknown: int, named: int) -> None:
    answer = child.post("/toys", {"k" * 250 + str(one): 1 for one in range(unknown)})

    assert len(answer.get_json()["errors"]) == named
    assert len(answer.data) < 20_000
    if named > 50:
        last = answer.get_json()["errors"][-1]
        assert last == {"pointer": "", "message": f"There are {unknown + 1 - 50} more errors."}


def test_thousands_of_parameters_are_refused_in_few_words(child: Desk) -> None:
    answer = child.request("GET", "/toys?" + "&".join(f"a{one}=1" for one in range(900)))

    assert (answer.status_code, len(answer.get_json()["errors"])) == (422, 51)


@pytest.mark.parametrize(
    "path",
    [
        "//v1/rooms",
        "///v1/rooms",
        "/v1//rooms",
        "/v1/rooms//",
        "/v1%2Frooms",
        "/v1/rooms%2f",
        "/v1/../v1/rooms",
        "/v1/./rooms",
        "/../v1/rooms",
        "http://other.example//v1/rooms",
    ],
)
def test_a_path_has_one_form(app: Flask, path: str) -> None:
    # Servers decode the path, and some take slashes away; what they got is in REQUEST_URI.
    got = {"PATH_INFO": "/v1/rooms" if _SLASHES.search(path) else path, "REQUEST_URI": path}
    answer = app.test_client().get("/", environ_overrides=got)

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/healthz", "/healthz?next=http://a//b%2F", "http://other.example/healthz"])
def test_slashes_elsewhere_are_no_fault(app: Flask, path: str) -> None:
    sent = {"PATH_INFO": "/healthz", "QUERY_STRING": "", "REQUEST_URI": path}

    assert app.test_client().get("/healthz", environ_overrides=sent).status_code == 200


@pytest.mark.parametrize("key", ["\xff", "\x00", "é", "a" * 256, "a,b", ""])
def test_a_key_of_other_characters_is_422(child: Desk, key: str) -> None:
    assert pointers(child.post("/toys/act", **{"Idempotency-Key": key})) == ["Idempotency-Key"]
