"""A therapist's busy time outside the clinic: own events and external calendars."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from booking.core.caller import Caller
from jobs.calendars import expand_busy, fetch_calendar
from models import ExternalBusy
from models.database import Database
from scheduling.ticks import from_tick, to_tick
from sync.busy.busy_time import Found, Source, store
from sync.caldav.own_busy import delete_object, put_object
from tests.support.cast import NOW, Clinic, Made
from tests.sync.calendars import calendar, event

DAY = "2027-03-01"


def at(clock: str) -> str:
    """Give an instant of the day, a Monday in March, when London has UTC."""
    return f"{DAY}T{clock}:00+00:00"


@dataclass(frozen=True)
class Elsewhere:
    """A therapist of a clinic, by default the clinic's only therapist."""

    clinic: Clinic
    database: Database
    now: str = NOW
    whose: str | None = None

    @property
    def therapist_id(self) -> UUID:
        return UUID(self.whose or self.clinic.therapist["id"])

    def of(self, therapist: Made) -> Self:
        """Give the same for another therapist."""
        return replace(self, whose=therapist["id"])

    def caller(self, session: Session) -> Caller:
        """Give a caller at the clinic's instant; holds expire by the real clock, as over HTTP."""
        now, real_now = datetime.fromisoformat(self.now), datetime.now(UTC)
        return Caller(session, self.clinic.desk.clinic_id, now, real_now=real_now)

    def busy(self, start: str, end: str, *lines: str, name: str = "one.ics", **how: Any) -> str:
        """Put an object from one time of the day to another into the therapist's own collection."""
        return self.put(calendar(event(*lines, start=at(start), end=at(end))).decode(), name=name, **how)

    def put(self, body: str, name: str = "one.ics", **how: Any) -> str:
        with self.database.transaction(self.clinic.desk.clinic_id) as session:
            return put_object(self.caller(session), self.therapist_id, name, body, **how)

    def take(self, start: str) -> None:
        """Store the five minutes from an instant on as busy, as the reader of an object does."""
        tick = to_tick(datetime.fromisoformat(start))
        with self.database.transaction(self.clinic.desk.clinic_id) as session:
            found = {start: Found(start, "", [(tick, tick + 1)], "")}
            store(self.caller(session), Source(self.therapist_id), found, gone=())

    def free(self, name: str = "one.ics", **how: Any) -> None:
        """Delete the object."""
        with self.database.transaction(self.clinic.desk.clinic_id) as session:
            delete_object(self.caller(session), self.therapist_id, name, **how)

    @property
    def calendars(self) -> str:
        return f"/therapists/{self.therapist_id}/external-calendars"

    def fetch(self, made: Made, now: str | None = None) -> Made:
        """Do the job that fetches a calendar, and read the calendar."""
        instant = datetime.fromisoformat(now or self.now)
        clinic_id, calendar_id = self.clinic.desk.clinic_id, UUID(made["id"])
        fetch_calendar(self.database, clinic_id, calendar_id, lambda: instant, allow_loopback=True)
        found: Made = self.clinic.desk.get(f"{self.calendars}/{made['id']}").get_json()
        return found

    def read_again(self, made: Made) -> None:
        """Do the jobs that an act has queued: fetch the calendar, and expand the own collection."""
        jobs = text(
            "SELECT task_name FROM queue.procrastinate_jobs WHERE args->>'clinic_id' = :id "
            "ORDER BY id DESC LIMIT 2"
        )
        with self.database.transaction() as session:
            queued = session.scalars(jobs, {"id": str(self.clinic.desk.clinic_id)}).all()
        assert sorted(queued) == ["busy", "calendar"]
        self.fetch(made)
        expand_busy(
            self.database,
            self.clinic.desk.clinic_id,
            self.therapist_id,
            lambda: datetime.fromisoformat(self.now),
        )

    def taken(self) -> list[str]:
        """Give the therapist's busy time as `date start/end`, in UTC."""
        with self.database.transaction(self.clinic.desk.clinic_id) as session:
            rows = session.scalars(select(ExternalBusy).where(ExternalBusy.resource_id == self.therapist_id))
            return sorted(
                f"{from_tick(one.start_tick):%Y-%m-%d %H:%M}/{from_tick(one.end_tick):%H:%M}" for one in rows
            )

    def offers(self) -> int:
        """Count the tasks that are to offer time of this clinic."""
        of_clinic = "task_name = 'offer' AND args->>'clinic_id' = :id"
        with self.database.transaction() as session:
            counted = text(f"SELECT count(*) FROM queue.procrastinate_jobs WHERE {of_clinic}")  # noqa: S608 - ours
            return int(session.scalars(counted, {"id": str(self.clinic.desk.clinic_id)}).one())
