"""The lengths that a client chooses for phases of a visit: an object in a body, pairs in a query."""

# ruff: noqa: ANN401 - marshmallow passes and takes values of any type.

import re
from typing import Any, Final

from marshmallow import ValidationError, fields

from schemas.fields import Minutes, QuerySet, documented, refuse
from schemas.procedures import MOST_PHASES

_WHAT: Final = (
    "How long phases of this visit are, by their names: each from the phase's `min_minutes` to its "
    "`max_minutes`, and without these only its own `minutes`. A phase that is not named is as long as the "
    "procedure says."
)
# A name may hold commas and colons: a pair ends with its digits, before a comma or the end.
_PAIR: Final = re.compile(r"(.+?):(\d{1,4})(?:,(?!\Z)|\Z)", re.ASCII)


class PhaseMinutes(fields.Dict):
    """Minutes by the name of the phase; an error points at the name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(values=Minutes(), **documented(kwargs, description=_WHAT, maxProperties=MOST_PHASES))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, int]:
        if not isinstance(value, dict):
            refuse("Not an object.")
        if len(value) > MOST_PHASES:
            refuse(f"Must name at most {MOST_PHASES} phases.")
        found: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, minutes in value.items():
            try:
                found[name] = Minutes().deserialize(minutes, attr, data, **kwargs)
            except ValidationError as error:
                errors[name] = error.messages
        if errors:
            raise ValidationError(errors)
        return found


class QueryPhaseMinutes(QuerySet):
    """Minutes by the name of the phase in a query: `Numbing:45,Needling:30`."""

    def __init__(self, **kwargs: Any) -> None:
        written = f"{_WHAT} Written `Numbing:45,Needling:30`."
        pair = fields.String(metadata={"pattern": r"^.+:\d{1,4}$"})
        super().__init__(pair, maximum=MOST_PHASES, minimum=1, **documented(kwargs, description=written))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        written = value if isinstance(value, str) else ",".join(value)
        return PhaseMinutes().deserialize(_pairs(written), attr, data, **kwargs)


def _pairs(written: str) -> dict[str, int]:
    found: dict[str, int] = {}
    end = 0
    while not found or end < len(written):
        pair = _PAIR.match(written, end)
        if pair is None:
            refuse("Not pairs of a phase's name and its minutes, as in Numbing:45,Needling:30.")
        if pair[1] in found:
            refuse("Must not name anything twice.")
        found[pair[1]], end = int(pair[2]), pair.end()
    return found
