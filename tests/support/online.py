"""Visitors of a widget: they prove an address by a code, and then act with a booking token."""

import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from api import clock
from api.state import own_sealer, state_of
from booking.core.caller import Caller
from booking.online.codes import letters
from models import BookingCode
from tests.support.cast import Clinic, Made
from tests.support.desk import Desk
from tests.support.widgets import ORIGIN, create_widget

SCOPES = ("catalog:read", "availability:read", "appointments:write")


@dataclass(frozen=True)
class Visitor:
    """A person before a widget; `token` is what they send beside its publishable key."""

    desk: Desk
    token: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the widget's page, with the token if there is one."""
        return {"Origin": ORIGIN} | ({} if self.token is None else {"X-Booking-Token": self.token})

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET from the widget's page."""
        sent = {k.rstrip("_"): v for k, v in query.items() if v is not None}
        return self.desk.request("GET", path, self.headers, query_string=sent)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send a write from the widget's page, with a key of its own."""
        sent = {**self.headers, "Idempotency-Key": str(uuid4()), **headers}
        return self.desk.request(method, path, sent, json={} if body is None else body)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """POST from the widget's page."""
        return self.send("POST", path, body, **headers)

    def act(self, action: str, visit: Made, **body: Any) -> TestResponse:
        """Take an action on a visit, at the version that was shown."""
        return self.post(f"/appointments/{visit['id']}/{action}", {"version": visit["version"], **body})

    def verified(self, **address: str) -> tuple["Visitor", Made]:
        """Prove the address; give the visitor with the token, and the answer that held it."""
        assert self.post("/booking-tokens", address).status_code == 202
        answer = self.post("/booking-tokens/verify", {**address, "code": code_for(self.desk, **address)})
        assert answer.status_code == 200, answer.text
        found: Made = answer.get_json()
        return replace(self, token=found["token"]), found


def visitor_of(clinic: Clinic) -> Visitor:
    """Give a visitor of a new widget of the clinic, at the clinic's instant."""
    return Visitor(create_widget(clinic.desk, *SCOPES, name=f"Widget {uuid4()}"))


def code_for(desk: Desk, **address: str) -> str:
    """Read the code that waits to be sent to an address."""
    ((name, value),) = address.items()
    with desk.app.app_context(), state_of(desk.app).database.transaction(desk.clinic_id) as session:
        caller = Caller(session, desk.clinic_id, clock.now())
        (letter,) = letters(caller, own_sealer(), getattr(BookingCode, name) == value)
    assert re.fullmatch(r"[0-9]{6}", letter.code)
    return letter.code
