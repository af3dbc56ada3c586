"""The threat model names a test behind each promise, and every test that it names exists."""

import re

from config import PROJECT

PAGE = PROJECT / "docs" / "threat-model.md"


def test_every_promise_of_the_threat_model_has_a_test_that_exists() -> None:
    promises = re.findall(r"^\| (?!who |---)(.+) \|$", PAGE.read_text(), flags=re.MULTILINE)
    named = [re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`$", one) for one in promises]
    missing = [
        test
        for tests in named
        for path, test in tests
        if f"def {test}(" not in (PROJECT / path).read_text(encoding="utf-8")
    ]

    assert len(named) > 15
    assert [one for one, tests in zip(promises, named, strict=True) if not tests] == []
    assert missing == []


def test_the_promises_are_found_from_the_page_on_security() -> None:
    assert "(docs/threat-model.md)" in (PROJECT / "SECURITY.md").read_text()
