"""The kinds of keys and tokens that requests are generated for, and what each may do."""

from collections.abc import Mapping
from typing import Final

from tests.api.furnished import Furnished
from tests.api.generated import OPERATIONS, PATHS
from tests.api.test_public_operations import WITH_A_KEY, WITH_A_LINK, WITH_A_TOKEN
from tests.support.online import SCOPES, Visitor
from tests.support.widgets import ORIGIN, create_widget

EMAIL: Final = "ada@example.org"
# By the kinds of those who are no member of the clinic: the operations that let them in.
# What a request can have nothing wrong with is left out.
_TRIED: Final = WITH_A_KEY - {"get_own_key"}
OPEN_TO: Final[Mapping[str, set[str]]] = {
    "publishable": _TRIED,
    "token": _TRIED | WITH_A_TOKEN,
    "link": WITH_A_LINK,
}


def operations_of(kind: str) -> list[str]:
    """Give the operations that let a kind in, by method and path."""
    return [label for label in OPERATIONS if _name(label) in OPEN_TO[kind]]


def _name(label: str) -> str:
    method, path = label.split()
    name: str = PATHS[path][method.lower()]["operationId"]
    return name


def headers_of(kind: str, furnished: Furnished) -> dict[str, str]:
    """Give the headers by which a kind is known: the patient's whose visit the values name."""
    desk, values = furnished.desk, furnished.values
    if kind == "link":
        every = ["confirm", "cancel", "reschedule"]
        url = desk.made(f"/appointments/{values['appointment_id']}/links", actions=every)["url"]
        return {"X-Booking-Token": url.rpartition("/")[2]}
    visitor = Visitor(create_widget(desk, *SCOPES))
    if kind == "token":
        assert desk.patch(f"/patients/{values['patient_id']}", {"email": EMAIL}).status_code == 200
        visitor, _ = visitor.verified(email=EMAIL)
    return {"Authorization": f"Bearer {visitor.desk.key}", "Origin": ORIGIN, **visitor.headers}
