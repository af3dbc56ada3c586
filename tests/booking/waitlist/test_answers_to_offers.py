"""An answer to an offer decides about its entry and its slot."""

from uuid import UUID

import pytest

from models import AuditEntry, Event
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    audit_entries,
    rows,
    run_out,
)
from tests.support.times import TEN
from tests.support.waitlist import answer, entry, freed, minutes_work, offer, shown_entry


@pytest.fixture
def offered(clinic: Clinic, database: Database) -> Made:
    """Put the clinic's patient on the waitlist, free ten o'clock and offer it."""
    made = entry(clinic)
    assert offer(clinic, database, freed(clinic)) == 1
    return shown_entry(clinic, made)


def test_an_offer_is_what_a_hold_keeps(clinic: Clinic, offered: Made, database: Database) -> None:
    hold = clinic.desk.get(f"/holds/{offered['offer']['hold_id']}").get_json()
    (event,) = [one for one in rows(database, clinic.desk, Event) if one.type == "waitlist.offered"]

    assert offered["status"] == "offered"
    assert offered["offer"]["starts_at"] == TEN
    assert {name: hold[name] for name in hold if name != "id"} == {
        name: value for name, value in offered["offer"].items() if name != "hold_id"
    }
    assert event.data == {
        "id": offered["id"],
        "hold_id": hold["id"],
        "location_id": clinic.location["id"],
        "procedure_id": clinic.procedure["id"],
        "starts_at": event.data["starts_at"],
        "expires_at": event.data["expires_at"],
    }


def test_accepting_books_the_slot_and_keeps_the_holds_id(clinic: Clinic, offered: Made) -> None:
    accepted = answer(clinic, offered, "accept")
    visit = accepted.get_json()
    after = shown_entry(clinic, offered)

    assert (accepted.status_code, visit["status"], visit["id"]) == (
        200,
        "booked",
        offered["offer"]["hold_id"],
    )
    assert (after["status"], after["offer"], after["appointment_id"]) == ("accepted", None, visit["id"])
    assert answer(clinic, offered, "accept").get_json()["code"] == "wrong_status"
    assert answer(clinic, offered, "decline").get_json()["allowed"] == ["offered"]


def test_a_repeated_accept_with_its_key_gets_the_first_answer(clinic: Clinic, offered: Made) -> None:
    path, key = f"/waitlist/{offered['id']}/accept", {"Idempotency-Key": "one accept"}

    first, second = (clinic.desk.post(path, **key) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.get_json() == second.get_json()


def test_accepting_judges_the_patient_again_and_keeps_the_offer(spaced: Clinic, database: Database) -> None:
    made = entry(spaced)
    offer(spaced, database, freed(spaced))
    later = spaced.at("2027-02-21T08:00:00Z")
    elsewhere = {"event": "micro_needling", "on": "2027-02-20", "areas": ["FACE"]}
    later.desk.made(f"/patients/{spaced.patient['id']}/treatments", **elsewhere)

    refused = answer(later, made, "accept")

    assert (refused.status_code, refused.get_json()["code"]) == (409, "refused")
    assert shown_entry(spaced, made)["status"] == "offered"


def test_a_declined_offer_goes_to_the_next(clinic: Clinic, database: Database) -> None:
    at = {"from_time": "10:00", "until_time": "10:05"}
    first, second = entry(clinic, **at), entry(another_patient(clinic), **at)
    gone = freed(clinic)
    offer(clinic, database, gone)

    declined = answer(clinic, first, "decline")
    made = offer(clinic, database, gone)

    assert (declined.status_code, declined.get_json()["status"]) == (200, "declined")
    assert made == 1
    assert shown_entry(clinic, second)["offer"]["starts_at"] == TEN
    assert answer(clinic, first, "accept").get_json()["code"] == "wrong_status"


def test_an_offer_that_has_run_out_is_410_and_goes_to_the_next(clinic: Clinic, database: Database) -> None:
    at = {"from_time": "10:00", "until_time": "10:05"}
    first, second = entry(clinic, **at), entry(another_patient(clinic), **at)
    gone = freed(clinic)
    offer(clinic, database, gone)
    run_out(database, clinic.desk, {"id": shown_entry(clinic, first)["offer"]["hold_id"]})

    before = [answer(clinic, first, how) for how in ("accept", "decline")]
    minutes_work(database, clinic)
    after = [answer(clinic, first, how) for how in ("accept", "decline")]

    assert [one.status_code for one in (*before, *after)] == [410] * 4
    assert shown_entry(clinic, first)["status"] == "expired"
    assert offer(clinic, database, gone) == 1
    assert shown_entry(clinic, second)["status"] == "offered"


@pytest.mark.parametrize("ending", ["declined", "expired"])
def test_who_has_missed_an_offer_can_wait_again(
    clinic: Clinic, offered: Made, database: Database, ending: str
) -> None:
    if ending == "declined":
        answer(clinic, offered, "decline")
    else:
        run_out(database, clinic.desk, {"id": offered["offer"]["hold_id"]})
    path = f"/waitlist/{offered['id']}"

    preference = clinic.desk.patch(path, {"from_time": "10:00"})
    again = clinic.desk.patch(path, {"status": "waiting"})

    assert (preference.status_code, preference.get_json()["allowed"]) == (409, ["waiting"])
    assert (again.status_code, again.get_json()["status"], again.get_json()["offer"]) == (
        200,
        "waiting",
        None,
    )
    assert answer(clinic, offered, "accept").get_json()["code"] == "wrong_status"


@pytest.mark.parametrize("status", ["offered", "accepted"])
def test_an_entry_does_not_change_while_it_is_offered_or_once_it_is_accepted(
    clinic: Clinic, offered: Made, status: str
) -> None:
    if status == "accepted":
        answer(clinic, offered, "accept")

    refused = clinic.desk.patch(f"/waitlist/{offered['id']}", {"from_time": "10:00"})

    assert (refused.status_code, refused.get_json()["code"]) == (409, "wrong_status")
    assert refused.get_json()["allowed"] == ["waiting", "declined", "expired"]


def test_withdrawing_an_offered_entry_frees_its_slot(clinic: Clinic, offered: Made) -> None:
    path = f"/waitlist/{offered['id']}"

    stale = clinic.desk.delete(path, **{"If-Match": '"1"'})
    gone = clinic.desk.delete(path)

    assert (stale.status_code, gone.status_code) == (412, 204)
    assert clinic.desk.get(path).status_code == 404
    assert another_patient(clinic).book(TEN).status_code == 201


def test_an_entry_follows_its_hold_whichever_way_that_ends(
    clinic: Clinic, offered: Made, database: Database
) -> None:
    hold_id = offered["offer"]["hold_id"]

    clinic.desk.delete(f"/holds/{hold_id}")
    released = shown_entry(clinic, offered)["status"]
    other = another_patient(clinic)
    made = entry(other)
    offer(clinic, database, freed(clinic))
    hold = {"id": shown_entry(clinic, made)["offer"]["hold_id"]}
    booked = other.convert(hold)

    assert released == "declined"
    assert (booked.status_code, shown_entry(clinic, made)["status"]) == (201, "accepted")


def test_every_step_is_audited_without_a_patients_name(
    clinic: Clinic, offered: Made, database: Database
) -> None:
    answer(clinic, offered, "accept")

    steps = [
        one.action for one in rows(database, clinic.desk, AuditEntry) if one.subject_id == UUID(offered["id"])
    ]
    (accepted,) = audit_entries(database, clinic.desk, "waitlist_entry.accepted")
    assert steps == ["waitlist_entry.created", "waitlist_entry.offered", "waitlist_entry.accepted"]
    assert accepted.changes == {"status": ["offered", "accepted"]}
