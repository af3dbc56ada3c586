"""A clinic's webhooks, delivered in the test's process on a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from booking.core.caller import Caller
from jobs.webhooks import Post, deliver
from models.database import Database
from sync.webhooks.deliveries import wake_overdue
from sync.webhooks.leases import Nothing, take
from tests.support.cast import Clinic, Made

BOOKED = ("appointment.booked",)
TEN = "2027-03-01T10:00:00+00:00"
PATIENCE_SECONDS = 60


@dataclass
class Office:
    """Delivers a clinic's webhooks in this process; `ahead` moves its clock into the future."""

    database: Database
    clinic: Clinic
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """Give the office's present instant."""
        return datetime.now(UTC) + self.ahead

    def hook(self, url: str, events: Sequence[str] = BOOKED, **fields: Any) -> Made:
        """Make a webhook."""
        return self.clinic.desk.made("/webhooks", url=url, events=list(events), **fields)

    def shown(self, hook: Made) -> Made:
        """Read a webhook."""
        found: Made = self.clinic.desk.get(f"/webhooks/{hook['id']}").get_json()
        return found

    def deliveries(self, hook: Made) -> list[Made]:
        """List a webhook's deliveries."""
        answer = self.clinic.desk.get(f"/webhooks/{hook['id']}/deliveries", limit=500)
        assert answer.status_code == 200, answer.text
        found: list[Made] = answer.get_json()["items"]
        return found

    def deliver(self, hook: Made) -> list[Made]:
        """Make the deliveries that are due, once all changes are visible."""
        post = Post(self.database, self.now, allow_loopback=True)
        patient_until = monotonic() + PATIENCE_SECONDS
        while monotonic() < patient_until:
            deliver(post, self.clinic.desk.clinic_id, UUID(hook["id"]))
            if not self.is_due(hook):
                break
        return self.deliveries(hook)

    def is_due(self, hook: Made) -> bool:
        """Whether something is due, also if the change feed shows it only now."""
        with self.database.transaction(self.clinic.desk.clinic_id) as session:
            found = take(self.caller(session), UUID(hook["id"]))
            session.rollback()
        return found is not Nothing.IN_LINE

    def caller(self, session: Any) -> Caller:
        """Give a caller at the office's instant."""
        return Caller(session, self.clinic.desk.clinic_id, self.now())

    def overdue(self) -> int:
        """Count the webhooks that have overdue deliveries, as each minute's work does."""
        with self.database.transaction(self.clinic.desk.clinic_id) as session:
            found = wake_overdue(self.caller(session))
            session.rollback()
        return found
