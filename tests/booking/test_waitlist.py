"""The waitlist: entries, which freed slot suits whom, offers and what is answered to them."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from api import clock
from booking import holds, offers
from booking.callers import Caller
from models import AuditEntry, Event
from models.database import Database
from tests.booking.cast import (
    UNKNOWN_ID,
    Clinic,
    Made,
    audit_entries,
    create_key,
    create_location,
    create_patient,
    create_procedure,
    create_therapist,
    instant,
    pointers,
    rows,
    run_out,
    short_phases,
)
from tests.booking.waiting import answer, entry, offer, shown, wanted
from tests.desk import Desk

TEN = "2027-03-01T10:00:00+00:00"
JOBS = text("""
    SELECT args FROM queue.procrastinate_jobs WHERE task_name = 'offer' AND args ->> 'clinic_id' = :clinic_id
    ORDER BY id
""")


def jobs(database: Database, desk: Desk) -> list[Made]:
    """Give what the queue has to offer in a clinic."""
    with database.transaction() as session:
        return list(session.scalars(JOBS, {"clinic_id": str(desk.clinic_id)}))


def act(database: Database, clinic: Clinic, work: Callable[[Caller], int]) -> int:
    """Do one of the worker's acts at the clinic's instant."""
    with database.transaction(clinic.desk.clinic_id) as session:
        now = instant(str(clinic.desk.now))
        return work(Caller(session, clinic.desk.clinic_id, now, real_now=clock.now()))


def another(clinic: Clinic) -> Clinic:
    """Give the same clinic with a new patient."""
    return replace(clinic, patient=create_patient(clinic.desk))


def freed(clinic: Clinic, at: str = TEN) -> Made:
    """Book a visit for somebody else and cancel it."""
    other = another(clinic)
    visit = other.booked(at)
    return other.acted("cancel", visit, reason_code="patient")


@pytest.fixture
def offered(clinic: Clinic, database: Database) -> Made:
    """Let the clinic's patient wait, and free ten o'clock."""
    made = entry(clinic)
    assert offer(clinic, database, freed(clinic)) == 1
    return shown(clinic, made)


def test_a_new_entry_waits_and_reads_as_it_was_made(clinic: Clinic) -> None:
    wish = {
        "therapist_id": clinic.therapist["id"],
        "earliest_on": "2027-03-01",
        "latest_on": "2027-03-31",
        "weekdays": ["mon", "fri"],
        "from_time": "09:30",
        "until_time": "24:00",
    }

    made = entry(clinic, **wish)

    assert {name: made[name] for name in wish} == wish
    assert (made["status"], made["offer"], made["appointment_id"], made["areas"]) == (
        "waiting",
        None,
        None,
        [],
    )
    assert shown(clinic, made) == made


def test_entries_are_listed_by_what_they_name(clinic: Clinic) -> None:
    made = entry(clinic)
    entry(another(clinic))
    queries = [
        {"patient_id": clinic.patient["id"]},
        {"location_id": clinic.location["id"], "status": "waiting"},
        {"procedure_id": clinic.procedure["id"]},
        {"status": "offered"},
        {"location_id": UNKNOWN_ID},
    ]

    found = [clinic.desk.get("/waitlist", **query).get_json()["items"] for query in queries]

    assert [len(items) for items in found] == [1, 2, 2, 0, 0]
    assert found[0] == [made]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"earliest_on": "2027-03-02", "latest_on": "2027-03-01"}, "/latest_on"),
        ({"latest_on": "2027-01-03"}, "/latest_on"),
        ({"from_time": "10:00", "until_time": "10:00"}, "/until_time"),
        ({"until_time": "00:00"}, "/until_time"),
        ({"from_time": "10:01"}, "/from_time"),
        ({"from_time": "24:00"}, "/from_time"),
        ({"weekdays": ["friday"]}, "/weekdays/0"),
        ({"weekdays": []}, "/weekdays"),
        ({"areas": ["NECK"]}, "/areas"),
        ({"areas": ["ELBOW"]}, "/areas/0"),
        ({"status": "offered"}, "/status"),
        ({"notes": "Any."}, "/notes"),
    ],
)
def test_what_makes_no_sense_is_422_naming_the_field(standing: Clinic, fields: Made, pointer: str) -> None:
    answered = standing.desk.post("/waitlist", wanted(standing, **fields))

    assert pointers(answered) == [pointer]


@pytest.mark.parametrize("field", ["patient_id", "procedure_id", "location_id", "therapist_id"])
def test_an_id_that_is_not_ours_is_404_naming_the_field(
    standing: Clinic, neighbour: Clinic, field: str
) -> None:
    theirs = {
        f"{name}_id": getattr(neighbour, name)["id"]
        for name in ("patient", "procedure", "location", "therapist")
    }

    answers = [
        standing.desk.post("/waitlist", wanted(standing, **{field: one}))
        for one in (UNKNOWN_ID, theirs[field])
    ]

    assert [one.status_code for one in answers] == [404, 404]
    assert [one.get_json()["errors"][0]["pointer"] for one in answers] == [f"/{field}"] * 2


def test_another_clinics_entry_is_404(clinic: Clinic, neighbour: Clinic) -> None:
    path = f"/waitlist/{entry(clinic)['id']}"

    answers = [
        neighbour.desk.get(path),
        neighbour.desk.patch(path, {}),
        neighbour.desk.delete(path),
        neighbour.desk.post(f"{path}/accept"),
        neighbour.desk.post(f"{path}/decline"),
    ]

    assert {one.status_code for one in answers} == {404}
    assert neighbour.desk.get("/waitlist").get_json()["items"] == []


def test_a_key_of_another_location_sees_no_entry(clinic: Clinic) -> None:
    made = entry(clinic)
    other = create_location(clinic.desk, name="Other")
    desk = create_key(clinic.desk, "appointments:write", location_ids=[other["id"]])

    assert desk.get("/waitlist").get_json()["items"] == []
    assert desk.post(f"/waitlist/{made['id']}/accept").status_code == 404
    assert desk.post("/waitlist", wanted(clinic)).status_code == 404


def test_a_key_that_only_reads_puts_nobody_on_the_waitlist(clinic: Clinic) -> None:
    reader = create_key(clinic.desk, "appointments:read")

    assert reader.get("/waitlist").status_code == 200
    assert reader.post("/waitlist", wanted(clinic)).status_code == 403


def test_a_retired_procedure_is_waited_for_no_more(clinic: Clinic, database: Database) -> None:
    made = entry(clinic)
    gone = freed(clinic)
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"active": False})

    again = clinic.desk.post("/waitlist", wanted(another(clinic)))

    assert (again.status_code, again.get_json()["code"]) == (409, "retired")
    assert offer(clinic, database, gone) == 0
    assert shown(clinic, made)["status"] == "waiting"


def test_a_patient_waits_once_for_a_procedure_at_a_location(clinic: Clinic, database: Database) -> None:
    made = entry(clinic)

    second = clinic.desk.post("/waitlist", wanted(clinic))
    offer(clinic, database, freed(clinic))
    while_offered = clinic.desk.post("/waitlist", wanted(clinic))
    answer(clinic, made, "decline")
    afterwards = clinic.desk.post("/waitlist", wanted(clinic))

    assert [one.get_json().get("code") for one in (second, while_offered)] == ["already_exists"] * 2
    assert afterwards.status_code == 201


def test_preferences_change_while_the_entry_waits(clinic: Clinic) -> None:
    made = entry(clinic, from_time="10:00")
    path = f"/waitlist/{made['id']}"

    changed = clinic.desk.patch(path, {"until_time": "12:00", "version": 1})
    stale = clinic.desk.patch(path, {"until_time": "13:00", "version": 1})
    reversed_ = clinic.desk.patch(path, {"until_time": "09:00"})
    fixed = clinic.desk.patch(path, {"patient_id": create_patient(clinic.desk)["id"]})

    assert (changed.status_code, changed.get_json()["until_time"], changed.get_json()["version"]) == (
        200, "12:00", 2,
    )  # fmt: skip
    assert stale.status_code == 412
    assert (pointers(reversed_), pointers(fixed)) == (["/until_time"], ["/patient_id"])


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


@pytest.mark.parametrize(
    ("wish", "made"),
    [
        ({"earliest_on": "2027-03-01", "latest_on": "2027-03-01"}, 1),
        ({"earliest_on": "2027-03-02"}, 0),
        ({"latest_on": "2027-02-28"}, 0),
        ({"weekdays": ["mon"]}, 1),
        ({"weekdays": ["sun", "tue"]}, 0),
        ({"from_time": "10:00", "until_time": "10:05"}, 1),
        ({"from_time": "10:20"}, 0),
        ({"until_time": "09:45"}, 0),
    ],
)
def test_freed_time_is_offered_within_an_entrys_preferences_alone(
    clinic: Clinic, database: Database, wish: Made, made: int
) -> None:
    entry(clinic, **wish)

    assert offer(clinic, database, freed(clinic)) == made


def test_times_are_the_locations_own(clinic: Clinic, database: Database) -> None:
    made = entry(clinic, from_time="10:00", until_time="10:05")

    offer(clinic, database, freed(clinic, "2027-04-05T09:00:00Z"))

    assert shown(clinic, made)["offer"]["starts_at"] == "2027-04-05T10:00:00+01:00"


def test_only_the_wanted_therapist_is_offered(clinic: Clinic, database: Database) -> None:
    other = create_therapist(clinic.desk, clinic.location, name="Another")
    made = entry(clinic, therapist_id=other["id"])

    offer(clinic, database, freed(clinic))

    assert shown(clinic, made)["offer"]["therapist_id"] == other["id"]


def test_time_that_was_free_already_is_not_offered(clinic: Clinic, database: Database) -> None:
    made = entry(clinic)

    offer(clinic, database, freed(clinic, "2027-03-03T15:00:00Z"))

    assert shown(clinic, made)["offer"]["starts_at"] == "2027-03-03T15:00:00+00:00"


def test_a_longer_visit_is_offered_what_reaches_into_freed_time(clinic: Clinic, database: Database) -> None:
    long = create_procedure(clinic.desk, code="LONG", family="LONG", phases=short_phases(60))
    another(clinic).booked("2027-03-01T10:20:00Z")
    made = entry(clinic, procedure_id=long["id"])

    offer(clinic, database, freed(clinic))

    assert shown(clinic, made)["offer"]["starts_at"] == "2027-03-01T09:05:00+00:00"


def test_first_come_is_first_served_and_the_second_gets_nothing(clinic: Clinic, database: Database) -> None:
    first, second = entry(clinic), entry(another(clinic))
    gone = freed(clinic)

    made = offer(clinic, database, gone | {"ends_at": "2027-03-01T10:05:00Z"})

    assert made == 1
    assert shown(clinic, first)["offer"]["starts_at"] == TEN
    assert shown(clinic, second)["status"] == "waiting"


def test_who_is_not_eligible_at_that_instant_is_skipped(spaced: Clinic, database: Database) -> None:
    spaced.booked("2027-02-02T10:00:00Z")
    at = {"from_time": "10:00", "until_time": "10:05"}
    early, other = entry(spaced, **at), entry(another(spaced), **at)

    made = offer(spaced, database, freed(spaced))

    assert made == 1
    assert [shown(spaced, one)["status"] for one in (early, other)] == ["waiting", "offered"]


def test_accepting_books_the_slot_and_keeps_the_holds_id(clinic: Clinic, offered: Made) -> None:
    accepted = answer(clinic, offered, "accept")
    visit = accepted.get_json()
    after = shown(clinic, offered)

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
    assert shown(spaced, made)["status"] == "offered"


def test_a_declined_offer_goes_to_the_next(clinic: Clinic, database: Database) -> None:
    at = {"from_time": "10:00", "until_time": "10:05"}
    first, second = entry(clinic, **at), entry(another(clinic), **at)
    gone = freed(clinic)
    offer(clinic, database, gone)

    declined = answer(clinic, first, "decline")
    made = offer(clinic, database, gone)

    assert (declined.status_code, declined.get_json()["status"]) == (200, "declined")
    assert made == 1
    assert shown(clinic, second)["offer"]["starts_at"] == TEN
    assert answer(clinic, first, "accept").get_json()["code"] == "wrong_status"


def test_an_offer_that_has_run_out_is_410_and_goes_to_the_next(clinic: Clinic, database: Database) -> None:
    at = {"from_time": "10:00", "until_time": "10:05"}
    first, second = entry(clinic, **at), entry(another(clinic), **at)
    gone = freed(clinic)
    offer(clinic, database, gone)
    run_out(database, clinic.desk, {"id": shown(clinic, first)["offer"]["hold_id"]})

    before = [answer(clinic, first, how) for how in ("accept", "decline")]
    swept = act(database, clinic, holds.sweep)
    after = [answer(clinic, first, how) for how in ("accept", "decline")]

    assert [one.status_code for one in (*before, *after)] == [410] * 4
    assert (swept, shown(clinic, first)["status"]) == (1, "expired")
    assert offer(clinic, database, gone) == 1
    assert shown(clinic, second)["status"] == "offered"


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
    assert another(clinic).book(TEN).status_code == 201


def test_an_entry_follows_its_hold_whichever_way_that_ends(
    clinic: Clinic, offered: Made, database: Database
) -> None:
    hold_id = offered["offer"]["hold_id"]

    clinic.desk.delete(f"/holds/{hold_id}")
    released = shown(clinic, offered)["status"]
    other = another(clinic)
    made = entry(other)
    offer(clinic, database, freed(clinic))
    hold = {"id": shown(clinic, made)["offer"]["hold_id"]}
    booked = other.convert(hold)

    assert released == "declined"
    assert (booked.status_code, shown(clinic, made)["status"]) == (201, "accepted")


def test_a_patient_is_not_offered_what_another_visit_of_theirs_meets(
    clinic: Clinic, database: Database
) -> None:
    create_therapist(clinic.desk, clinic.location, name="Another")
    made = entry(clinic, from_time="10:00", until_time="10:05")
    gone = freed(clinic)
    long = create_procedure(clinic.desk, code="LONG", family="LONG", phases=short_phases(60))
    clinic.booked("2027-03-01T09:30:00Z", procedure_id=long["id"])

    assert offer(clinic, database, gone) == 0
    assert shown(clinic, made)["status"] == "waiting"


def test_an_entry_whose_dates_are_over_expires(clinic: Clinic, database: Database) -> None:
    last, gone = entry(clinic, latest_on="2027-01-05"), entry(another(clinic), latest_on="2027-01-04")

    expired = act(database, clinic.at("2027-01-05T08:00:00Z"), offers.expire)

    assert expired == 1
    assert [shown(clinic, one)["status"] for one in (last, gone)] == ["waiting", "expired"]
    assert answer(clinic, gone, "accept").get_json()["code"] == "wrong_status"


def block(clinic: Clinic) -> None:
    """Block the therapist at ten and take it back."""
    span = {"starts_at": TEN, "ends_at": "2027-03-01T11:00:00Z", "reason": "Lunch"}
    made = clinic.desk.made("/blocks", resource_id=clinic.therapist["id"], **span)
    clinic.desk.delete(f"/blocks/{made['id']}")


def closure(clinic: Clinic) -> None:
    """Close the location at ten and take it back."""
    path = f"/locations/{clinic.location['id']}/closures"
    made = clinic.desk.made(path, starts_at=TEN, ends_at="2027-03-01T11:00:00Z", reason="Lunch")
    clinic.desk.delete(f"{path}/{made['id']}")


def cancellation(clinic: Clinic) -> None:
    """Cancel ten o'clock."""
    freed(clinic)


def move(clinic: Clinic) -> None:
    """Move ten o'clock to three."""
    visit = another(clinic).booked(TEN)
    clinic.acted("reschedule", visit, starts_at="2027-03-01T15:00:00Z")


def release(clinic: Clinic) -> None:
    """Release a hold of ten o'clock."""
    clinic.desk.delete(f"/holds/{clinic.held(TEN)['id']}")


def missed(clinic: Clinic) -> None:
    """Note that nobody came at ten."""
    visit = another(clinic).booked(TEN)
    clinic.at("2027-03-01T10:16:00Z").acted("no-show", visit)


@pytest.mark.parametrize("happening", [block, closure, cancellation, move, release, missed])
def test_whatever_frees_ten_oclock_has_it_offered(
    clinic: Clinic, database: Database, happening: Callable[[Clinic], None]
) -> None:
    entry(clinic)

    happening(clinic)

    (job,) = jobs(database, clinic.desk)
    assert job["location_id"] == clinic.location["id"]
    assert job["first"] == instant(TEN).timestamp() // 300


def longer_hours(clinic: Clinic) -> None:
    """Open an hour longer."""
    hours = [one | {"closes": "20:00"} for one in clinic.location["opening_hours"]]
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": hours})


def longer_days(clinic: Clinic) -> None:
    """Let the therapist work an hour longer."""
    hours = [one | {"ends": "20:00"} for one in clinic.therapist["working_hours"]]
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": hours})


@pytest.mark.parametrize("happening", [longer_hours, longer_days])
def test_longer_hours_are_offered_too(
    clinic: Clinic, database: Database, happening: Callable[[Clinic], None]
) -> None:
    made = entry(clinic)

    happening(clinic)

    assert len(jobs(database, clinic.desk)) == 1
    assert offer(clinic, database) == 1
    assert shown(clinic, made)["offer"]["starts_at"] == "2027-01-04T09:00:00+00:00"


def test_nothing_is_queued_where_nobody_waits(clinic: Clinic, database: Database) -> None:
    elsewhere = create_location(clinic.desk, name="Elsewhere")
    entry(clinic, location_id=elsewhere["id"])

    freed(clinic)

    assert jobs(database, clinic.desk) == []


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


def test_a_patient_who_waits_is_not_deleted(clinic: Clinic) -> None:
    made = entry(clinic)
    path = f"/patients/{clinic.patient['id']}"

    while_waiting = clinic.desk.delete(path)
    clinic.desk.delete(f"/waitlist/{made['id']}")

    assert while_waiting.status_code in {405, 409}
