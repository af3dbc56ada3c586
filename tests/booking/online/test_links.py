"""A link to a visit shows that visit and does what it names, without a key, until the visit begins."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from models import Appointment
from models.database import Database
from tests.support.cast import Clinic, Made, create_procedure
from tests.support.desk import Desk
from tests.support.messages import listed

TEN = "2027-03-01T10:00:00+00:00"
ELEVEN = "2027-03-01T11:00:00+00:00"
ALL = ("confirm", "cancel", "reschedule")


class Holder:
    """Whoever has a link, without any key."""

    def __init__(self, desk: Desk, url: str) -> None:
        self.desk, self.token = desk, url.rpartition("/")[2]

    def ask(self, method: str, path: str, **kw: object) -> TestResponse:
        """Send a request with the link's token alone."""
        headers = {"X-Booking-Token": self.token, "Idempotency-Key": str(uuid4())}
        if self.desk.now:
            headers["X-Clinic-Now"] = self.desk.now
        return self.desk.app.test_client().open(f"/v1{path}", method=method, headers=headers, **kw)

    def act(self, action: str, visit: Made, **body: str) -> TestResponse:
        """Take an action on a visit."""
        sent = {"version": visit["version"], **body}
        return self.ask("POST", f"/appointments/{visit['id']}/{action}", json=sent)


def linked(clinic: Clinic, visit: Made, *actions: str) -> Holder:
    """Write a link to the visit, by default for everything, and give its holder."""
    made = clinic.desk.made(f"/appointments/{visit['id']}/links", actions=list(actions or ALL))
    return Holder(clinic.desk, made["url"])


@pytest.fixture
def visit(clinic: Clinic) -> Made:
    """Book the clinic's patient."""
    return clinic.booked(TEN)


def test_a_link_sees_moves_confirms_and_cancels_its_visit(clinic: Clinic, visit: Made) -> None:
    holder = linked(clinic, visit)
    shown = holder.ask("GET", f"/appointments/{visit['id']}").get_json()
    asked = {"procedure_id": visit["procedure_id"], "location_id": visit["location_id"]}
    mine = asked | {"patient_id": visit["patient_id"], "ignore_appointment_id": visit["id"]}
    days = {"from": "2027-03-01", "until": "2027-03-02"}
    slots = holder.ask("GET", "/availability", query_string=mine | days).get_json()["slots"]
    moved = holder.act("reschedule", shown, starts_at=ELEVEN).get_json()
    confirmed = holder.act("confirm", moved).get_json()
    cancelled = holder.act("cancel", confirmed, reason_code="patient").get_json()

    assert (shown["id"], "notes" in shown, "flags" in shown) == (visit["id"], False, False)
    assert ELEVEN in [one["starts_at"] for one in slots]
    assert [one["status"] for one in (moved, confirmed, cancelled)] == ["booked", "confirmed", "cancelled"]


def test_a_link_does_nothing_that_it_does_not_name(clinic: Clinic, visit: Made) -> None:
    holder, eve = linked(clinic, visit, "confirm"), clinic.desk.made("/patients", name="Eve")
    other = clinic.booked(ELEVEN, patient_id=eve["id"])
    asked = {"procedure_id": visit["procedure_id"], "location_id": visit["location_id"]}
    answers = [
        holder.act("cancel", visit, reason_code="patient"),
        holder.act("reschedule", visit, starts_at=ELEVEN),
        holder.ask("GET", "/appointments"),
        holder.ask("GET", "/availability/next", query_string=asked),
        holder.ask("GET", "/procedures"),
        holder.ask("POST", "/appointments", json=clinic.wish(ELEVEN)),
        holder.ask("GET", f"/appointments/{other['id']}"),
        holder.act("confirm", other),
    ]

    assert [one.status_code for one in answers] == [403] * 6 + [404] * 2
    assert holder.act("confirm", visit).status_code == 200


def test_a_link_asks_about_times_of_its_own_visit_alone(clinic: Clinic, visit: Made) -> None:
    other = create_procedure(clinic.desk, code="OTHER")
    holder = linked(clinic, visit)
    asked = {"location_id": visit["location_id"], "patient_id": visit["patient_id"]}
    answers = [
        holder.ask("GET", "/availability/next", query_string=asked | {"procedure_id": one})
        for one in (visit["procedure_id"], other["id"])
    ]

    assert [one.status_code for one in answers] == [200, 404]


def test_a_link_tells_its_end_in_the_time_of_the_location(clinic: Clinic) -> None:
    visit = clinic.booked("2027-06-01T10:00:00+01:00")
    answer = clinic.desk.post(f"/appointments/{visit['id']}/links", {"actions": ["confirm"]})

    assert answer.get_json()["expires_at"] == "2027-06-01T10:00:00+01:00"
    assert answer.headers["Location"] == answer.get_json()["url"]


def test_links_are_revoked_together_and_kept_by_a_move(clinic: Clinic, visit: Made) -> None:
    first, second = linked(clinic, visit), linked(clinic, visit, "confirm")
    moved = clinic.acted("reschedule", visit, starts_at=ELEVEN)
    path = f"/appointments/{visit['id']}"
    kept = [one.ask("GET", path).status_code for one in (first, second)]
    revoked = clinic.desk.delete(f"{path}/links").status_code
    after = [one.ask("GET", path).status_code for one in (first, second)]

    assert (moved["starts_at"], kept, revoked, after) == (ELEVEN, [200, 200], 204, [401, 401])
    assert linked(clinic, visit).ask("GET", path).status_code == 200


def test_a_link_ends_when_the_visit_begins(clinic: Clinic, visit: Made, database: Database) -> None:
    holder = linked(clinic, visit)
    made = clinic.desk.post(f"/appointments/{visit['id']}/links", {"actions": ["confirm"]}).get_json()
    with database.transaction(clinic.desk.clinic_id) as session:
        begun = Appointment.starts_at - timedelta(days=400)
        session.execute(update(Appointment).where(Appointment.id == visit["id"]).values(starts_at=begun))

    assert made["expires_at"] == TEN
    assert holder.ask("GET", f"/appointments/{visit['id']}").status_code == 401
    assert clinic.desk.post(f"/appointments/{visit['id']}/links", {"actions": ["confirm"]}).status_code == 409


@pytest.mark.parametrize("damage", ["", "bl_", "bl_!!", "bl_AAAA", "longer", "changed"])
def test_a_token_that_nobody_signed_is_none(clinic: Clinic, visit: Made, damage: str) -> None:
    holder = linked(clinic, visit)
    whole = holder.token
    broken = {"longer": whole + "AA", "changed": whole[:10] + ("A" if whole[10] != "A" else "B") + whole[11:]}
    holder.token = broken.get(damage, damage)

    assert holder.ask("GET", f"/appointments/{visit['id']}").status_code == 401


def test_messages_carry_a_link_that_works_and_writes_nothing(clinic: Clinic) -> None:
    (template,) = clinic.desk.get("/message-templates", kind="confirmation").get_json()["items"]
    clinic.desk.patch(f"/message-templates/{template['id']}", {"body": "Change it: {manage_url}"})
    visit = clinic.booked(TEN)
    [message] = [
        one
        for one in listed(clinic, str(clinic.desk.now), "2027-01-05T08:00:00Z")
        if one["kind"] == "confirmation"
    ]
    holder = Holder(clinic.desk, message["body"].removeprefix("Change it: "))

    assert holder.act("confirm", visit).status_code == 200
    assert holder.act("confirm", visit).status_code == 412
