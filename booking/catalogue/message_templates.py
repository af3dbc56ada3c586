"""Message templates: the clinic's own words for each kind of message, and how they are filled in."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from booking.core.bulk_insert import insert_rows
from booking.core.caller import Caller
from booking.core.crud import Collection, Values
from booking.core.errors import Invalid
from models import MessageTemplate

# Nothing clinical is among them: procedures, areas, notes and answers cannot get into a message.
PLACEHOLDERS: Final = ("patient", "clinic", "location", "date", "time", "cancel_until", "manage_url")

_FILE: Final = Path(__file__).with_name("default_messages.toml")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


class MessageTemplates(Collection):
    """The clinic's words, one template of each kind of message."""

    name = "message_template"
    model = MessageTemplate
    shared = True
    locks = "id"
    fixed = ("kind",)

    @property
    def in_catalogue(self) -> bool:
        """Tell webhooks of new words too, though no booking waits while they change."""
        return True

    def check_values(self, after: Values) -> None:
        """Refuse a text with a field that messages do not have."""
        for name in ("subject", "body"):
            _check_text(f"/{name}", after[name])


def _check_text(pointer: str, text: str) -> None:
    """Raise Invalid for an unknown placeholder, and for a brace without its partner."""
    known = ", ".join(PLACEHOLDERS)
    for found in _PLACE.findall(text):
        if found not in PLACEHOLDERS:
            raise Invalid(pointer, f"Unknown field {{{found}}}; known are: {known}.")
    if re.search(r"[{}]", _PLACE.sub("", text)):
        raise Invalid(pointer, f"A brace stands alone; fields are written {{date}}, known are: {known}.")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in place of their names in braces, once: a value's own braces stay as they are."""
    return _PLACE.sub(lambda place: values[place[1]], text)


def create_message_templates(caller: Caller, ids: Mapping[str, UUID]) -> None:
    """Add the default template of every kind of message, which every clinic has; `ids` by kinds."""
    own = [
        {"clinic_id": caller.clinic_id, "id": ids.get(values["kind"]) or uuid7(), "active": True, **values}
        for values in default_message_templates()
    ]
    insert_rows(caller.session, (MessageTemplate, own))


def default_message_templates() -> list[dict[str, Any]]:
    """Give the kind, subject and body of every default message."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["messages"]
    return [entry | {"body": entry["body"].strip()} for entry in entries]
