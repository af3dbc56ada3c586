"""The README is short, begins with the product, and names every group of endpoints."""

import re

from flask import Flask

from tests.docs.pages import README, first_codes, section


def test_every_endpoint_group_is_named(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").get_json()

    assert sorted(first_codes(section(README, "What the API offers"))) == sorted(
        tag["name"] for tag in document["tags"]
    )


def test_the_two_commands_are_make_targets() -> None:
    assert re.findall(r"^make (\w+)", section(README, "Two commands"), flags=re.MULTILINE) == ["run", "test"]


def test_the_opening_takes_about_ten_lines() -> None:
    opening = README.read_text().split("\n## ")[0].splitlines()

    assert len([line for line in opening if line]) <= 12


def test_the_readme_takes_at_most_two_hundred_lines() -> None:
    assert README.read_text().count("\n") <= 200
