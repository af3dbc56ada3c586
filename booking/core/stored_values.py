"""Values made of JSON that another version of the product may have stored."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def read_value(kind: type[T], stored: Mapping[str, Any]) -> T:
    """Make a dataclass of what is stored, without the fields that only a newer process knows.

    While a release is rolled out, processes of the old version read what those of the new one write.
    """
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # It is a dataclass.
    return kind(**{name: value for name, value in stored.items() if name in known})
