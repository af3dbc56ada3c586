"""Names the closed sets of words in the document: enums in requests, open ones in answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.problems import PROBLEMS
from api.references import REF, refs
from models.statuses import APPOINTMENT_STATUSES, COURSE_STATUSES, ENTRY_STATUSES
from models.webhooks import EVENT_TYPES, PING
from scheduling.clinical import ADVERSE_EFFECTS, AREAS, EVENTS, HOLDS, LADDER, TREATMENT_EVENTS
from scheduling.messages import MOMENT_OF
from scheduling.plans import BENDS
from scheduling.reasons import REFUSALS, WARNINGS
from schemas.api_keys import KINDS as KEY_KINDS
from schemas.api_keys import SCOPES
from schemas.calendar_feeds import DETAILS
from schemas.clinic import COUNTRIES
from schemas.external_calendars import KINDS as CALENDAR_KINDS
from schemas.hold_rules import RELEASED_BY
from schemas.marks import CANCEL_REASONS, FLAGS
from schemas.messages import MESSAGE_KINDS
from schemas.procedures import PHASE_KINDS
from schemas.times import WEEKDAYS

# A set that has a name becomes a schema, so that clients which are generated have one type of it.
_NAMED: Final[Mapping[str, Sequence[str]]] = {
    "AdverseEffect": ADVERSE_EFFECTS,
    "AnyMessageKind": MESSAGE_KINDS,
    "AppointmentStatus": APPOINTMENT_STATUSES,
    "Area": AREAS,
    "Bend": BENDS,
    "CalendarKind": CALENDAR_KINDS,
    "CancelReason": CANCEL_REASONS,
    "Country": COUNTRIES,
    "CourseStatus": COURSE_STATUSES,
    "DeliveryType": (*EVENT_TYPES, PING),
    "EventType": EVENT_TYPES,
    "FeedDetail": DETAILS,
    "FlagCode": FLAGS,
    "KeyKind": KEY_KINDS,
    "MedicalHoldCode": HOLDS,
    "MessageKind": tuple(MOMENT_OF),
    "OverrideLevel": LADDER,
    "PhaseKind": PHASE_KINDS,
    "ProblemCode": tuple(PROBLEMS),
    "RefusalCode": tuple(REFUSALS),
    "ReleaseLevel": RELEASED_BY,
    "Scope": SCOPES,
    "TreatmentEvent": TREATMENT_EVENTS,
    "WaitlistStatus": ENTRY_STATUSES,
    "WarningCode": tuple(WARNINGS),
    "WashoutEvent": EVENTS,
    "Weekday": WEEKDAYS,
}
_NAME_OF: Final = {tuple(words): name for name, words in _NAMED.items()}


def add_code_schemas(spec: dict[str, Any]) -> None:
    """Refer to the sets that have a name in parameters too, and add the schema of each set that is used."""
    for part in (spec["paths"], spec["components"]["parameters"]):
        part.update(named_codes(part))
    used = set(refs([spec["paths"], spec["components"]]))
    schemas = spec["components"]["schemas"]
    schemas |= {
        name: {"type": "string", "enum": list(words)} for name, words in _NAMED.items() if name in used
    }
    spec["components"]["schemas"] = dict(sorted(schemas.items()))


def named_codes(part: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Refer to the sets that have a name; a request may use their words and no others."""
    return _replaced(part, _closed)


def open_codes(part: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Let answers hold further words: codes are added, and a client must not break when one is."""
    return _replaced(part, lambda words: {"anyOf": [_closed(words), {"type": "string"}]})


def _closed(words: Sequence[str]) -> dict[str, Any]:
    name = _NAME_OF.get(tuple(words))
    return {"$ref": f"{REF}{name}"} if name else {"type": "string", "enum": list(words)}


def _replaced(part: Any, write: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    if isinstance(part, list):
        return [_replaced(below, write) for below in part]
    if not isinstance(part, dict):
        return part
    if "enum" not in part:
        return {name: _replaced(below, write) for name, below in part.items()}
    words = [word for word in part["enum"] if word is not None]
    written = write(words)
    if len(words) < len(part["enum"]):
        written = {"anyOf": [*written.get("anyOf", [written]), {"type": "null"}]}
    return {name: value for name, value in part.items() if name not in {"type", "enum"}} | written
