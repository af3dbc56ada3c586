"""JSON columns through orjson, which knows UUIDs, dates and aware datetimes."""

from typing import Any

import orjson


def dumps(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Render a JSON column's value."""
    return orjson.dumps(value).decode()


loads = orjson.loads
