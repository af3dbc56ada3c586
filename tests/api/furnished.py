"""A clinic with an object of every kind that a path of the API names, and good values for requests."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from api.state import state_of
from models import AppPassword, CalendarFeed
from tests.support.copying import MakeClinic
from tests.support.desk import Desk
from tests.support.full_clinic import NOW, create_full_clinic

_NEXT_SESSION = "2027-01-20T10:00:00Z"
_PARAMETER = re.compile(r"/\{(\w+)\}")
_LEFT_OUT = frozenset({"version", "cursor"})
# Secrets are stored as hashes that no second clinic may have, and a hold expires: each test makes its own.
_MADE_ANEW: dict[str, tuple[str, dict[str, Any]]] = {
    "key_id": ("/api-keys", {"name": "Second", "kind": "secret", "scopes": ["catalog:read"]}),
    "password_id": ("/app-passwords", {"name": "Phone", "therapist_id": ""}),
    "feed_id": ("/calendar-feeds", {"detail": "busy", "resource_id": ""}),
    "hold_id": ("/holds", {"procedure_id": "", "location_id": "", "starts_at": "2027-01-05T15:00:00Z"}),
}
_GOOD_VALUES = {
    "timezone": "Europe/London",
    "url": "https://calendar.example.org/busy.ics",
    "wait": "0",
}


@dataclass(frozen=True)
class Furnished:
    """A clinic's desk, and good values for fields: above all the id of one object of each kind."""

    desk: Desk
    values: dict[str, str]

    def values_for(self, path: str) -> dict[str, str]:
        """Give the good values, and make the objects of the path that cannot be copied."""
        made = {}
        for name in set(_PARAMETER.findall(path)) & _MADE_ANEW.keys():
            collection, body = _MADE_ANEW[name]
            made[name] = self.desk.made(collection, **filled(body, self.values))["id"]
        return self.values | made


def furnish(make_clinic: MakeClinic) -> Furnished:
    """Create a clinic with a row in nearly every table, and a visit that is a session of its course."""
    desk = make_clinic().at(NOW)
    visit = create_full_clinic(desk)
    with state_of(desk.app).database.transaction(desk.clinic_id) as session:
        session.execute(delete(CalendarFeed))
        session.execute(delete(AppPassword))
    values = _listed(desk, visit["starts_at"]) | _GOOD_VALUES
    booking = {name: values[name] for name in ("procedure_id", "location_id", "patient_id", "course_id")}
    session_id = desk.made("/appointments", **booking, starts_at=_NEXT_SESSION)["id"]
    same = {"resource_id": values["therapist_id"], "template_id": values["course_template_id"]}
    # A merge needs a second patient, made only now: the lists above give the last object of each kind.
    other = {"into_id": desk.made("/patients", name="Berta Bloom")["id"]}
    return Furnished(desk, values | same | other | {"appointment_id": session_id})


def _listed(desk: Desk, due_by: str) -> dict[str, str]:
    """Read every list of the API and give the id of its last object by the name of the path's parameter."""
    paths = desk.app.test_client().get("/openapi.json").get_json()["paths"]
    ids: dict[str, str] = {}
    for path in sorted(paths):
        for parameter in _PARAMETER.finditer(path):
            collection = path[: parameter.start()]
            if "get" in paths.get(collection, {}):
                query = {"due_by": due_by} if collection == "/v1/messages" else {}
                listed = desk.get(collection.removeprefix("/v1").format_map(ids), **query).get_json()
                ids.update((parameter[1], one["id"]) for one in listed["items"])
    return ids


def filled(part: Any, values: dict[str, str]) -> Any:
    """Fill good values into a part of a request; make its texts printable and its whole numbers integers."""
    if isinstance(part, dict):
        return {name: _good(name, value, values) for name, value in part.items() if name not in _LEFT_OUT}
    if isinstance(part, list):
        return [filled(one, values) for one in part]
    if isinstance(part, str):
        return "".join(filter(str.isprintable, part)) or "a"
    return int(part) if isinstance(part, float) and part.is_integer() else part


def _good(name: str, value: Any, values: dict[str, str]) -> Any:
    if name in values and value is not None:
        return values[name]
    if name.endswith("_ids") and value:
        return [values[name.removesuffix("s")]]
    return filled(value, values)
