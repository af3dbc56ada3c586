"""Every example of the API's document works against the demo clinic, on the day it is made and later."""

import shlex
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask

from api.examples.rendering import EXAMPLES
from models.database import Database
from tests.demo.conftest import MADE_AT, DemoClinic, make_demo
from tests.support.openapi import body_of, operations

# What is read comes before what changes it, and what is deleted last.
ORDER = ("get", "post", "patch", "delete")
PLACES = {"path", "query"}
# An example cannot know the code that was sent; the right one is a million to one.
GUESSED = {"verify_booking_code": {"wrong_code", "code_expired"}}


@dataclass(frozen=True)
class Sent:
    """A request as a command of curl has it."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None


def read(command: str, key: str, widget_key: str = "") -> Sent:
    """Read a command as a shell would in which the demo's keys are set."""
    for name, value in (
        ("$CLINIC_KEY", key),
        ("$CLINIC_WIDGET_KEY", widget_key),
        ("$(uuidgen)", str(uuid4())),
    ):
        command = command.replace(name, value)
    words = iter(shlex.split(command))
    assert [next(words), next(words)] == ["curl", "-sS"]
    method, url, headers, body = None, "", {}, None
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case _:
                url = word
    return Sent(method or ("GET" if body is None else "POST"), url, headers, body)


@pytest.fixture
def demo(database: Database, tmp_path: Path) -> DemoClinic:
    """Make a demo clinic with nothing booked but what examples need."""
    return make_demo(database, tmp_path)


def document(app: Flask, now: str) -> dict[str, Any]:
    """Read the document on a day."""
    found: dict[str, Any] = app.test_client().get("/openapi.json", headers={"X-Clinic-Now": now}).get_json()
    return found


def _place(operation: tuple[str, str, dict[str, Any]]) -> tuple[int, int]:
    """Sort what lies below another object before it, so that it is still there to be deleted."""
    path, method, _ = operation
    return ORDER.index(method), -path.count("/")


@pytest.mark.parametrize("days", [0, 30, 100])
def test_every_example_is_answered_as_the_document_says(app: Flask, demo: DemoClinic, days: int) -> None:
    now = (MADE_AT + timedelta(days=days)).isoformat()
    wrong = {}
    all_of_them = sorted(operations(document(app, now)), key=_place)
    for path, method, operation in all_of_them:
        sent = read(operation["x-codeSamples"][0]["source"], demo.card.key, demo.card.widget_key)
        there = urlsplit(sent.url)
        answer = app.test_client().open(
            there.path,
            method=sent.method,
            query_string=there.query,
            headers=sent.headers | {"X-Clinic-Now": now},
            data=sent.body,
        )
        if operation["operationId"] in GUESSED:
            assert answer.get_json()["code"] in GUESSED[operation["operationId"]]
        elif str(answer.status_code) not in operation["responses"] or answer.status_code >= 300:
            wrong[f"{method} {path}"] = answer.text

    assert len(all_of_them) > 100
    assert wrong == {}


def test_every_path_query_and_body_has_its_example(app: Flask) -> None:
    for path, method, operation in operations(document(app, MADE_AT.isoformat())):
        item = document(app, MADE_AT.isoformat())["paths"][path]
        given = [*item.get("parameters", ()), *operation.get("parameters", ())]
        missing = [
            one["name"]
            for one in given
            if one.get("in") in PLACES and one["required"] and "example" not in one
        ]

        assert missing == [], (method, path)
        assert not body_of(operation) or "example" in body_of(operation), (method, path)


def test_every_example_belongs_to_an_operation(app: Flask) -> None:
    known = {one["operationId"] for _, _, one in operations(document(app, MADE_AT.isoformat()))}

    assert EXAMPLES.keys() - known == set()


def test_the_command_is_made_of_the_same_examples(app: Flask) -> None:
    item = document(app, MADE_AT.isoformat())["paths"]["/v1/appointments/{appointment_id}/cancel"]
    sent = read(item["post"]["x-codeSamples"][0]["source"], "ck_made_up")

    assert item["parameters"][0]["example"] in sent.url
    assert sent.headers["Authorization"] == "Bearer ck_made_up"
    assert sent.headers["If-Match"] == "*"
    assert sent.body == '{"reason_code":"patient","note":"Is abroad"}'
