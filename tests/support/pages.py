"""Lists of the API, read page by page."""

from typing import Any

from tests.support.desk import Desk

_MOST_PAGES = 100


def items_page_by_page(desk: Desk, path: str, *, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Follow a list's cursors to its end, and insist that every page but the last is full."""
    items: list[dict[str, Any]] = []
    cursor = None
    for _ in range(_MOST_PAGES):
        page = desk.get(path, limit=limit, cursor=cursor, **query).get_json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            assert len(page["items"]) <= limit
            return items
        assert len(page["items"]) == limit
    raise AssertionError(f"{path} has more than {_MOST_PAGES} pages")
