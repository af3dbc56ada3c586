"""The pages of a list skip no object and repeat no object."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.cast import pointers
from tests.support.desk import Desk


@pytest.fixture
def keys(desk: Desk) -> list[str]:
    """Make five keys besides the first key, and give all ids in order of creation."""
    made = [desk.made("/api-keys", name=name, kind="secret", scopes=["admin"])["id"] for name in "ebbac"]
    return [desk.get("/api-keys").get_json()["items"][0]["id"], *made]


def _ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.get_json()["items"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7])
def test_the_pages_together_are_the_list_in_order_of_creation(
    desk: Desk, keys: list[str], limit: int
) -> None:
    pages = [desk.get("/api-keys", limit=limit)]
    while (cursor := pages[-1].get_json()["next_cursor"]) and len(pages) < 10:
        pages.append(desk.get("/api-keys", limit=limit, cursor=cursor))

    assert [one for page in pages for one in _ids(page)] == keys
    assert [len(_ids(page)) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_a_page_links_to_the_next_with_its_own_parameters(desk: Desk, keys: list[str]) -> None:
    answer = desk.get("/api-keys", limit=2)

    target, _, rel = answer.headers["Link"].partition(">; ")
    query = parse_qs(urlsplit(target.removeprefix("<")).query)
    assert rel == 'rel="next"'
    assert query == {"limit": ["2"], "cursor": [answer.get_json()["next_cursor"]]}
    assert (
        _ids(desk.app.test_client().get(target[1:], headers={"Authorization": f"Bearer {desk.key}"}))
        == keys[2:4]
    )


def test_the_last_page_links_nowhere(desk: Desk, keys: list[str]) -> None:
    answer = desk.get("/api-keys", limit=len(keys))

    assert answer.get_json()["next_cursor"] is None
    assert "Link" not in answer.headers


def test_what_is_made_between_two_pages_comes_at_the_end(desk: Desk, keys: list[str]) -> None:
    cursor = desk.get("/api-keys", limit=3).get_json()["next_cursor"]
    late = desk.made("/api-keys", name="late", kind="secret", scopes=["admin"])["id"]

    assert _ids(desk.get("/api-keys", cursor=cursor)) == [*keys[3:], late]


def _cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "\u00e9",
        "====",
        "!!!!",
        _cursor([]),
        _cursor({}),
        _cursor(None),
        _cursor([1]),
        _cursor(["nobody"]),
        _cursor(["a\x00"]),
        _cursor([["018f3f3e-0000-7000-8000-00000000000a"]]),
        _cursor(["018f3f3e-0000-7000-8000-00000000000a", "b"]),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_422(desk: Desk, cursor: str) -> None:
    answer = desk.get("/api-keys", cursor=cursor)

    assert pointers(answer) == ["?cursor"]
