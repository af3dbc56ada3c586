"""The page of limits has those of the code."""

from api.limits import POLICIES
from tests.docs.pages import PROJECT, rows, section

PAGE = PROJECT / "docs" / "limits.md"


def test_every_limit_has_its_row_with_its_number() -> None:
    told = [(row[0].strip("`"), row[1]) for row in rows(section(PAGE, "Rates"))]
    windows = {1: "a second", 60: "a minute"}

    assert told == [(one.name, f"{one.limit.amount:,} {windows[one.limit.get_expiry()]}") for one in POLICIES]
