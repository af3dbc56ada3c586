"""Strict fields: a wrong type, an unsafe character or a number out of range is refused, never coerced."""

# ruff: noqa: ANN401 - marshmallow passes and takes values of any type.

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NoReturn
from uuid import UUID

from marshmallow import ValidationError, fields, validate

INT4_MAX = 2**31 - 1
GRID_MINUTES = 5
DAY_MINUTES = 24 * 60

_JOINERS = frozenset("\u200c\u200d")
_JOINED = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "So", "Sk"})
# Fillers and blanks that are letters or marks by their category.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Signs that are written before Arabic, Syriac and Kaithi numbers, and are seen.
_VISIBLE = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INTEGER = re.compile(r"-?\d{1,10}", re.ASCII)


def documented(kwargs: dict[str, Any], **schema: Any) -> dict[str, Any]:
    """Add the field's JSON Schema to what the caller says about it."""
    kwargs["metadata"] = {**schema, **kwargs.get("metadata", {})}
    return kwargs


def refuse(message: str) -> NoReturn:
    """Refuse the field's value with this message, which must not repeat the value."""
    raise ValidationError(message)


def _refuse_unsafe(value: str) -> None:
    """Refuse control characters, lone surrogates, which no database stores, and what nobody can see.

    Two names that look alike must be alike, and none may turn the letters around it. A joiner is a letter's
    form in Persian and in India, and holds an emoji together: between such characters it may stand.
    """
    for place, character in enumerate(value):
        category = unicodedata.category(character)
        if category in {"Cc", "Cs"}:
            refuse("Must not contain control characters.")
        if character in _JOINERS and 0 < place < len(value) - 1:
            if all(_joins(value[near]) for near in (place - 1, place + 1)):
                continue
        elif category not in {"Cf", "Zl", "Zp"} and character not in _INVISIBLE:
            continue
        if character not in _VISIBLE:
            refuse("Must not contain invisible characters or such as turn the direction of text.")


def _joins(character: str) -> bool:
    """Whether a joiner may stand beside the character: a letter, its marks, or a part of an emoji."""
    return unicodedata.category(character) in _JOINED


class Strict:
    """A field that reads its value by `_read`, which raises ValidationError for what it refuses."""

    def _read(self, value: object) -> Any:
        """Turn the JSON value into ours; every field must define this."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - marshmallow's signature
        return self._read(value)


class Text(Strict, fields.String):
    """A text of 1 to `maximum` characters; surrounding blanks are dropped, control characters refused."""

    def __init__(self, maximum: int, *, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, minLength=1, maxLength=maximum))
        self.maximum = maximum
        self.lines = lines

    def _read(self, value: object) -> str:
        if not isinstance(value, str):
            refuse("Not a string.")
        text = value.strip()
        if not 1 <= len(text) <= self.maximum:
            refuse(f"Must have 1 to {self.maximum} characters.")
        _refuse_unsafe(re.sub(r"[\r\n\t]", "", text) if self.lines else text)
        return text


class Code(Strict, fields.String):
    """A clinic's own code: 1 to 64 characters, matched exactly, so surrounding blanks are refused."""

    def __init__(self, maximum: int = 64, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, minLength=1, maxLength=maximum))
        self.maximum = maximum

    def _read(self, value: object) -> str:
        if not isinstance(value, str):
            refuse("Not a string.")
        if not 1 <= len(value) <= self.maximum or value != value.strip():
            refuse(f"Must have 1 to {self.maximum} characters and no blanks around them.")
        _refuse_unsafe(value)
        return value


class Choice(fields.String):
    """A word of a fixed set."""

    def __init__(self, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(choices), **kwargs)


class Flag(Strict, fields.Boolean):
    """`true` or `false`; a value that merely looks like them is refused."""

    def _read(self, value: object) -> bool:
        return value if isinstance(value, bool) else refuse("Not true or false.")


class QueryFlag(Flag):
    """A flag in a query: the words `true` and `false`."""

    def _read(self, value: object) -> bool:
        word = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
        return super()._read(word)


class Integer(Strict, fields.Integer):
    """A JSON integer within `minimum` and `maximum`, by default those of PostgreSQL's int4."""

    def __init__(self, *, minimum: int = -INT4_MAX - 1, maximum: int = INT4_MAX, **kwargs: Any) -> None:
        super().__init__(strict=True, **documented(kwargs, minimum=minimum, maximum=maximum))
        self.minimum = minimum
        self.maximum = maximum

    def _read(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            refuse("Not an integer.")
        if not self.minimum <= value <= self.maximum:
            refuse(f"Must be from {self.minimum} to {self.maximum}.")
        return value


class QueryInteger(Integer):
    """An integer in a query, where everything is text."""

    def _read(self, value: object) -> int:
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        return super()._read(value)


class Minutes(Integer):
    """A length in whole minutes, a multiple of 5 from `minimum` to a day."""

    def __init__(self, *, minimum: int = GRID_MINUTES, maximum: int = DAY_MINUTES, **kwargs: Any) -> None:
        super().__init__(minimum=minimum, maximum=maximum, **documented(kwargs, multipleOf=GRID_MINUTES))

    def _read(self, value: object) -> int:
        minutes = super()._read(value)
        if minutes % GRID_MINUTES:
            refuse(f"Must be a multiple of {GRID_MINUTES}.")
        return minutes


class Number(Strict, fields.Float):
    """A finite JSON number within `minimum` and `maximum`."""

    def __init__(self, *, minimum: float, maximum: float, **kwargs: Any) -> None:
        super().__init__(**documented(kwargs, minimum=minimum, maximum=maximum))
        self.minimum = minimum
        self.maximum = maximum

    def _read(self, value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            refuse("Not a number.")
        # Neither NaN nor an infinity is within any bounds.
        if not self.minimum <= value <= self.maximum:
            refuse(f"Must be from {self.minimum:g} to {self.maximum:g}.")
        return float(value)


class Id(Strict, fields.UUID):
    """A UUID in its usual 36 characters."""

    def _read(self, value: object) -> UUID:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            refuse("Not a UUID.")
        return UUID(value)


class ListOf(fields.List[Any]):
    """A JSON list of `minimum` to `maximum` items."""

    def __init__(
        self, inner: fields.Field[Any], *, minimum: int = 0, maximum: int = 500, **kwargs: Any
    ) -> None:
        least = {"minItems": minimum} if minimum else {}
        super().__init__(inner, **documented(kwargs, **least, maxItems=maximum))
        self.minimum = minimum
        self.maximum = maximum

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            refuse("Not a list.")
        if len(value) > self.maximum:
            refuse(f"Must have at most {self.maximum} items.")
        if len(value) < self.minimum:
            refuse(f"Must have at least {self.minimum} items.")
        return super()._deserialize(value, attr, data, **kwargs)


class SetOf(ListOf):
    """A JSON list in which no item appears twice."""

    def __init__(self, inner: fields.Field[Any], **kwargs: Any) -> None:
        super().__init__(inner, **documented(kwargs, uniqueItems=True))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        items = super()._deserialize(value, attr, data, **kwargs)
        if len(set(items)) != len(items):
            refuse("Must not name anything twice.")
        return items


class Ids(SetOf):
    """A set of ids."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Id(), **kwargs)


class Codes(SetOf):
    """A set of codes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Code(), **kwargs)


class QuerySet(SetOf):
    """A set in a query, comma-separated: `areas=FACE,NECK`.

    Several parameters of the name count as one, since many clients write lists like that.
    """

    is_multiple = True

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        given = [value] if isinstance(value, str) else value
        parts = [part for one in given for part in one.split(",")]
        return super()._deserialize(parts, attr, data, **kwargs)


class QueryCodes(QuerySet):
    """A set of codes in a query."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Code(), **kwargs)


class QueryChoices(QuerySet):
    """Words of a fixed set in a query: `status=booked,confirmed`."""

    def __init__(self, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(Choice(choices), minimum=1, maximum=len(choices), **kwargs)
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            if isinstance(error.messages, dict):
                # The query has one parameter, whichever of its words is at fault.
                refuse(f"Must be one or more of: {', '.join(self.choices)}.")
            raise


class Stored(fields.Nested):
    """An object that is stored in the very form in which it is shown."""

    def _serialize(self, nested_obj: Any, *_args: Any, **_kwargs: Any) -> Any:  # type: ignore[override] # as in Nested
        return nested_obj


class Nested(fields.Nested):
    """An object within an object: whole even in a PATCH, where only the outer fields are optional."""

    def _load(self, value: Any, partial: Any = None) -> Any:  # noqa: ARG002 - marshmallow's signature
        return super()._load(value, partial=None)
