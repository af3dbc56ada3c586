"""J4: a Friday noon is cancelled late, and the one waiting patient who is eligible gets it."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import text

from booking.waitlist.suitable_times import Freed
from jobs.offers import offer_freed
from models.database import Database
from tests.journeys.cast import consulted, create_default_clinic, performed
from tests.support.cast import Clinic, Made, another_patient, instant
from tests.support.copying import Copied, MakeClinic
from tests.support.racing import race, statuses
from tests.support.waitlist import answer, entry, offer, shown_entry

NOON = "2027-04-16T12:00:00+01:00"
AT_NINE = "2027-04-15T21:00:00+01:00"
LAST = {"A": "2027-03-27T10:00:00Z", "B": "2027-03-20T10:00:00Z", "C": "2027-03-19T10:00:00Z"}
FRIDAY_NOON = {
    "weekdays": ["fri"],
    "from_time": "12:00",
    "until_time": "12:05",
    "latest_on": "2027-04-16",
}


@dataclass(frozen=True)
class Evening(Clinic):
    """A clinic in London at nine on 15 April, with the visit at noon and the patients who wait for it."""

    noon: Made
    waiting: dict[str, Made]

    def statuses(self) -> dict[str, str]:
        """Give the status of every entry."""
        return {name: shown_entry(self, one)["status"] for name, one in self.waiting.items()}


def _before(make_clinic: MakeClinic) -> Evening:
    """Book the visit at noon, and put A, B and C on the waitlist after treatments in March."""
    london = create_default_clinic(make_clinic)
    consulted(london)
    noon = london.at("2027-02-22T09:00:00Z").booked(NOON)
    waiting = {}
    for hour, (name, last) in enumerate(LAST.items(), 10):
        patient = another_patient(london)
        consulted(patient, f"2027-02-23T{hour}:00:00Z")
        performed(patient, last)
        waiting[name] = entry(patient, **FRIDAY_NOON)
    named = (london.location, london.procedure, london.therapist, london.patient)
    return Evening(london.at(AT_NINE).desk, *named, noon, waiting)


@pytest.fixture
def evening(copied: Copied[Evening]) -> Evening:
    """Cancel the visit at noon at nine in the evening before."""
    made = copied(_before)
    made.acted("cancel", made.noon, reason_code="patient")
    return made


def test_the_noon_is_offered_to_who_was_treated_28_days_before(evening: Evening, database: Database) -> None:
    made = offer(evening, database, evening.noon)
    visit = evening.desk.get(f"/appointments/{evening.noon['id']}").get_json()

    assert visit["cancellation"]["late"] is True
    assert made == 1
    assert evening.statuses() == {"A": "waiting", "B": "waiting", "C": "offered"}
    assert shown_entry(evening, evening.waiting["C"])["offer"]["starts_at"] == NOON


def test_the_offer_holds_the_noon_for_half_an_hour_of_real_time(evening: Evening, database: Database) -> None:
    offer(evening, database, evening.noon, real_now=instant("2026-11-30T10:00:00Z"))
    offered = shown_entry(evening, evening.waiting["C"])["offer"]

    assert instant(offered["expires_at"]) == instant("2026-11-30T10:30:00Z")
    assert another_patient(evening).book(NOON).status_code == 409


def test_c_accepts_and_b_with_an_old_link_does_not(evening: Evening, database: Database) -> None:
    offer(evening, database, evening.noon)

    by_b, by_c = (answer(evening, evening.waiting[name], "accept") for name in "BC")

    assert (by_b.status_code, by_b.get_json()["code"]) == (409, "wrong_status")
    assert by_b.get_json()["allowed"] == ["offered"]
    assert (by_c.status_code, by_c.get_json()["starts_at"]) == (200, NOON)
    assert shown_entry(evening, evening.waiting["C"])["appointment_id"] == by_c.get_json()["id"]


def test_of_two_accepts_at_once_one_books(evening: Evening, database: Database) -> None:
    offer(evening, database, evening.noon)

    answers = race([lambda: answer(evening, evening.waiting["C"], "accept")] * 2)

    assert statuses(answers) == [200, 409]


def test_the_cancellation_itself_queues_the_offer(evening: Evening, database: Database) -> None:
    statement = text("SELECT args FROM queue.procrastinate_jobs WHERE args ->> 'clinic_id' = :clinic_id")
    with database.transaction() as session:
        jobs = session.scalars(statement, {"clinic_id": str(evening.desk.clinic_id)}).all()
    (job,) = jobs
    span = Freed(UUID(job["location_id"]), job["first"], job["until"])

    made = offer_freed(database, evening.desk.clinic_id, span, instant(AT_NINE), instant(AT_NINE))

    assert made == 1
    assert evening.statuses()["C"] == "offered"
