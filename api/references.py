"""Follows the references to schemas in a part of the document."""

from collections.abc import Iterator
from typing import Final

REF: Final = "#/components/schemas/"


def refs(part: object) -> Iterator[str]:
    """Name the schemas to which a part of the document refers."""
    if isinstance(part, dict):
        target = part.get("$ref")
        if isinstance(target, str) and target.startswith(REF):
            yield target.removeprefix(REF)
        for below in part.values():
            yield from refs(below)
    elif isinstance(part, list):
        for below in part:
            yield from refs(below)
