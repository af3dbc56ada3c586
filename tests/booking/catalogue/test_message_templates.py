"""Every clinic has a message template of each kind, whose texts contain known fields only."""

from collections.abc import Callable
from typing import Any

import pytest

from booking.catalogue.message_templates import PLACEHOLDERS, default_message_templates, fill
from models.messages import MESSAGE_KINDS
from tests.support.desk import Desk

VALUES = dict.fromkeys(PLACEHOLDERS, "value")


def template_of(desk: Desk, kind: str) -> dict[str, Any]:
    """Give the clinic's template of a kind as the list has it."""
    [found] = desk.get("/message-templates", kind=kind).get_json()["items"]
    return dict(found)


def change(desk: Desk, **fields: Any) -> Any:
    """Change the template of the confirmation."""
    return desk.patch(f"/message-templates/{template_of(desk, 'confirmation')['id']}", fields)


@pytest.mark.parametrize("catalogue", ["none", "default"])
def test_every_clinic_has_a_template_of_each_kind(make_clinic: Callable[..., Desk], catalogue: str) -> None:
    items = make_clinic(catalogue=catalogue).get("/message-templates").get_json()["items"]
    words = [{name: item[name] for name in ("kind", "subject", "body")} for item in items]

    assert words == default_message_templates()
    assert tuple(item["kind"] for item in items) == MESSAGE_KINDS
    assert all(item["active"] for item in items)


def test_every_default_can_be_filled_and_says_nothing_clinical() -> None:
    texts = [text for one in default_message_templates() for text in (one["subject"], one["body"])]
    filled = " ".join(fill(text, VALUES) for text in texts).lower()

    assert "{" not in filled
    assert not [word for word in ("needl", "skin", "acid", "pregnan", "retin", "acne") if word in filled]


def test_a_clinic_puts_it_in_its_own_words(desk: Desk) -> None:
    answer = change(desk, subject="Bis {date}", body="Hallo {patient},\n\nbis {time} in {location}!")

    assert answer.status_code == 200
    assert template_of(desk, "confirmation")["body"] == "Hallo {patient},\n\nbis {time} in {location}!"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("At {hour}", "{hour}"),
        ("{patient.__class__}", "{patient.__class__}"),
        ("{patient!r}", "{patient!r}"),
        ("{date:%Y}", "{date:%Y}"),
        ("{ date }", "{ date }"),
        ("{0}", "{0}"),
        ("{}", "{}"),
        ("{{date}}", "alone"),
        ("{date", "alone"),
        ("date}", "alone"),
        ("}{", "alone"),
    ],
)
@pytest.mark.parametrize("field", ["subject", "body"])
def test_an_unknown_field_is_refused_by_name(desk: Desk, field: str, text: str, said: str) -> None:
    answer = change(desk, **{field: text})
    [error] = answer.get_json()["errors"]

    assert (answer.status_code, error["pointer"]) == (422, f"/{field}")
    assert said in error["message"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"subject": ""}, "/subject"),
        ({"subject": "Two\nlines"}, "/subject"),
        ({"subject": "x" * 201}, "/subject"),
        ({"body": "x" * 5001}, "/body"),
        ({"body": "bell \a"}, "/body"),
        ({"active": "no"}, "/active"),
        ({"kind": "aftercare"}, "/kind"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_bad_input_names_its_field(desk: Desk, fields: dict[str, Any], pointer: str) -> None:
    answer = change(desk, **fields)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


def test_a_value_with_braces_stays_as_it_is() -> None:
    assert fill("Hello {patient}!", VALUES | {"patient": "{clinic}"}) == "Hello {clinic}!"


def test_no_template_is_made_or_deleted(desk: Desk) -> None:
    template = template_of(desk, "confirmation")

    assert desk.post("/message-templates", {"kind": "birthday"}).status_code == 405
    assert desk.delete(f"/message-templates/{template['id']}").status_code == 405


def test_another_clinics_template_is_not_there(make_clinic: Callable[..., Desk], desk: Desk) -> None:
    foreign = template_of(make_clinic(), "confirmation")

    assert desk.patch(f"/message-templates/{foreign['id']}", {"active": False}).status_code == 404
