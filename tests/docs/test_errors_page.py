"""The page of errors has every code that a client can meet, with an example that is true to it."""

import json
import re
from typing import Any

from api.problems import PROBLEMS
from scheduling.reasons import NEVER_WAIVED, REFUSALS, WARNINGS
from tests.docs.pages import ERRORS, blocks, examples, first_codes, rows, section


def problem_examples() -> dict[str, dict[str, Any]]:
    """Give the example below each problem's heading."""
    parts = re.split(r"^### (.+)$", section(ERRORS, "Problems"), flags=re.MULTILINE)
    return {
        code: json.loads(blocks(text, "json")[0]) for code, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_problem_has_its_place_in_the_order_of_the_code() -> None:
    assert list(problem_examples()) == list(PROBLEMS)


def test_a_problems_example_has_its_code_status_and_title() -> None:
    shown = {code: (one["code"], one["status"], one["title"]) for code, one in problem_examples().items()}

    assert shown == {code: (code, status, title) for code, (status, title) in PROBLEMS.items()}


def test_every_refusal_has_its_row_in_the_order_of_the_code() -> None:
    assert first_codes(section(ERRORS, "Refusals")) == list(REFUSALS)


def test_a_refusals_example_has_its_code_and_message() -> None:
    shown = {code: (one["code"], one["message"]) for code, one in examples(ERRORS, "Refusals").items()}

    assert shown == {code: (code, message) for code, message in REFUSALS.items()}


def test_what_nobody_may_override_is_said_to_be_nobodys() -> None:
    told = {row[0].strip("`"): row[2] for row in rows(section(ERRORS, "Refusals"))}

    assert [code for code in NEVER_WAIVED if not told[code].startswith("nobody")] == []


def test_what_an_example_lets_somebody_override_is_not_said_to_be_nobodys() -> None:
    told = {row[0].strip("`"): row[2] for row in rows(section(ERRORS, "Refusals"))}
    shown = examples(ERRORS, "Refusals")

    assert [
        code for code in REFUSALS if told[code].startswith("nobody") == ("overridable_by" in shown[code])
    ] == []


def test_every_warning_has_its_row_and_message() -> None:
    shown = {code: one["message"] for code, one in examples(ERRORS, "Warnings").items()}

    assert shown == dict(WARNINGS)
