"""External busy time is neither offered nor booked, and visits that were booked before stay."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Barrier
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import text

from booking.core.caller import Caller
from booking.core.errors import NotFound, StaleVersion
from jobs.calendars import expand_busy
from models.database import Database
from sync.busy.expansion import UnusableError
from sync.caldav.own_busy import expand_all
from tests.support.cast import (
    Clinic,
    codes,
    create_patient,
    create_room,
    create_therapist,
    event_types,
    refusal,
)
from tests.support.racing import assert_sound, deadlocks
from tests.support.statements import listening
from tests.sync.calendars import calendar, event
from tests.sync.elsewhere import DAY, Elsewhere, at

NEXT = "2027-03-02"


def test_busy_time_is_offered_to_nobody(elsewhere: Elsewhere) -> None:
    before = elsewhere.clinic.starts(DAY, NEXT)
    elsewhere.busy("12:00", "13:00")
    gone = sorted(set(before) - set(elsewhere.clinic.starts(DAY, NEXT)))

    # A visit of twenty minutes may end at noon, and begin at one.
    assert (gone[0], gone[-1]) == (at("11:45"), at("12:55"))


@pytest.mark.parametrize(
    ("start", "status"), [("11:40", 201), ("11:45", 409), ("12:55", 409), ("13:00", 201)]
)
def test_a_booking_over_busy_time_is_refused(elsewhere: Elsewhere, start: str, status: int) -> None:
    elsewhere.busy("12:00", "13:00")
    answer = elsewhere.clinic.book(at(start))

    assert answer.status_code == status


def test_a_refusal_names_the_therapist_who_is_busy(elsewhere: Elsewhere) -> None:
    elsewhere.busy("12:00", "13:00")
    answer = elsewhere.clinic.book(at("11:45"))

    (reason,) = refusal(answer, "no_therapist_available")["because"]
    assert reason["code"] == "therapist_busy"
    assert reason["resource_id"] == elsewhere.clinic.therapist["id"]


def test_a_named_therapist_is_busy_and_nobody_may_override_it(elsewhere: Elsewhere) -> None:
    elsewhere.busy("12:00", "13:00")
    override = {"codes": ["therapist_busy"], "reason": "They do not mind."}
    answer = elsewhere.clinic.book(
        at("12:00"), therapist_id=elsewhere.clinic.therapist["id"], override=override
    )

    assert codes(answer) == ["therapist_busy"]
    assert "overridable_by" not in refusal(answer, "therapist_busy")


def test_minutes_off_the_grid_are_rounded_outward(elsewhere: Elsewhere) -> None:
    elsewhere.busy("12:03", "12:57")

    assert elsewhere.taken() == [f"{DAY} 12:00/13:00"]


def test_days_on_end_are_busy_at_each_of_their_hours(elsewhere: Elsewhere) -> None:
    elsewhere.put(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:away\r\nDTSTART;VALUE=DATE:20270227\r\n"
        "DTEND;VALUE=DATE:20270304\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )

    assert elsewhere.clinic.starts(DAY, "2027-03-04") == []
    assert elsewhere.clinic.starts("2027-03-04", "2027-03-05")


def test_while_somebody_is_busy_another_is_offered(elsewhere: Elsewhere) -> None:
    other = create_therapist(elsewhere.clinic.desk, elsewhere.clinic.location)
    elsewhere.busy("12:00", "13:00")

    assert elsewhere.clinic.booked(at("12:00"))["therapist_id"] == other["id"]


def test_who_numbs_may_be_busy_elsewhere_meanwhile(pipeline: Clinic, database: Database) -> None:
    """The therapist's part of a visit at 10:00 begins at 10:40, when the cream has worked."""
    Elsewhere(pipeline, database).busy("10:00", "10:40")

    assert pipeline.book(at("10:00")).status_code == 201
    assert codes(pipeline.book(at("09:30"), patient_id=create_patient(pipeline.desk)["id"]))


def test_overlapping_objects_are_free_only_when_both_are(elsewhere: Elsewhere) -> None:
    elsewhere.busy("12:00", "13:00", name="a.ics")
    elsewhere.busy("12:30", "14:00", name="b.ics")
    elsewhere.free("b.ics")

    assert elsewhere.clinic.book(at("12:30")).status_code == 409
    assert elsewhere.clinic.book(at("13:30")).status_code == 201


def test_a_visit_that_stood_there_before_goes_its_way(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    booked = clinic.booked(at("12:00"))
    elsewhere.busy("09:00", "19:00")
    visit = clinic.desk.get(f"/appointments/{booked['id']}").get_json()
    at_noon = clinic.at(at("12:00"))
    for action in ("confirm", "arrive", "start", "complete"):
        visit = at_noon.acted(action, visit)

    assert visit["status"] == "completed"


def test_a_visit_in_conflict_moves_away_but_to_no_busy_time(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    clinic.booked(at("12:00"))
    elsewhere.busy("11:00", "14:00")
    (visit,) = clinic.desk.get("/appointments", flagged="true").get_json()["items"]

    assert clinic.act("reschedule", visit, starts_at=at("12:05")).status_code == 409
    moved = clinic.acted("reschedule", visit, starts_at=at("14:00"))
    assert moved["flags"] == []


def test_a_visit_in_conflict_gets_another_room_and_stays_in_conflict(elsewhere: Elsewhere) -> None:
    clinic = elsewhere.clinic
    clinic.booked(at("12:00"))
    room = create_room(clinic.desk, clinic.location, name="Other")
    elsewhere.busy("11:00", "14:00")
    (visit,) = clinic.desk.get("/appointments", flagged="true").get_json()["items"]
    other = clinic.acted("reassign", visit, room_id=room["id"])

    assert [flag["code"] for flag in other["flags"]] == ["external_busy"]


def test_a_hold_is_a_promise_that_busy_time_does_not_break(elsewhere: Elsewhere, database: Database) -> None:
    clinic = elsewhere.clinic
    hold = clinic.held(at("12:00"))
    elsewhere.busy("11:00", "14:00")
    assert clinic.desk.get("/conflicts").get_json()["items"] == []
    booked = clinic.convert(hold).get_json()

    assert [flag["code"] for flag in booked["flags"]] == ["external_busy"]
    assert event_types(database, clinic.desk, booked).count("busy_block.conflicting") == 1


def test_busy_time_costs_a_search_no_further_query(elsewhere: Elsewhere, database: Database) -> None:
    elsewhere.clinic.starts(DAY, NEXT)
    with listening(database) as without:
        elsewhere.clinic.starts(DAY, NEXT)
    elsewhere.busy("12:00", "13:00")
    with listening(database) as with_it:
        elsewhere.clinic.starts(DAY, NEXT)

    assert len(with_it) == len(without)


def test_an_object_is_replaced_and_deleted_only_at_the_etag_it_has(elsewhere: Elsewhere) -> None:
    first = elsewhere.busy("12:00", "13:00", if_none_match=True)
    with pytest.raises(StaleVersion):
        elsewhere.busy("13:00", "14:00", if_none_match=True)
    second = elsewhere.busy("13:00", "14:00", if_match=first)
    with pytest.raises(StaleVersion):
        elsewhere.busy("15:00", "16:00", if_match=first)
    with pytest.raises(StaleVersion):
        elsewhere.free(if_match=first)
    assert elsewhere.taken() == [f"{DAY} 13:00/14:00"]

    elsewhere.free(if_match=second)
    assert elsewhere.taken() == []
    with pytest.raises(NotFound):
        elsewhere.free()


def test_each_night_a_collection_is_expanded_anew_as_the_window_moves(
    elsewhere: Elsewhere, database: Database
) -> None:
    yearly = event("RRULE:FREQ=YEARLY", start="2027-01-20T10:00Z", end="2027-01-20T11:00Z")
    elsewhere.put(calendar(yearly).decode())
    before, clinic_id = elsewhere.taken(), elsewhere.clinic.desk.clinic_id
    later = datetime(2027, 12, 25, tzinfo=UTC)
    with database.transaction(clinic_id) as session:
        assert expand_all(Caller(session, clinic_id, later)) == 1
    expand_busy(database, clinic_id, elsewhere.therapist_id, lambda: later)

    assert before == ["2027-01-20 10:00/11:00", "2028-01-20 10:00/11:00"]
    assert elsewhere.taken() == ["2028-01-20 10:00/11:00", "2029-01-20 10:00/11:00"]


@pytest.mark.parametrize(
    "body", ["hello", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:x\r\nEND:VEVENT\r\nEND:VCALENDAR"]
)
def test_what_is_no_calendar_leaves_what_was_there(elsewhere: Elsewhere, body: str) -> None:
    elsewhere.busy("12:00", "13:00")
    with pytest.raises(UnusableError, match="not_a_calendar"):
        elsewhere.put(body)

    assert elsewhere.taken() == [f"{DAY} 12:00/13:00"]


def test_bookings_and_busy_time_that_race_are_refused_or_flagged(
    elsewhere: Elsewhere, database: Database
) -> None:
    """At each of twelve times a booking and a busy object race."""
    clinic, before = elsewhere.clinic, deadlocks(database)
    starts = [at(f"{hour:02}:{minute}") for hour in range(9, 15) for minute in ("00", "30")]
    acts: list[Callable[[], Any]] = []
    for start, patient_id in zip(starts, clinic.patients(12), strict=True):
        acts.append(partial(clinic.book, start, patient_id=patient_id))
        acts.append(partial(elsewhere.take, start))
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        answers = [one for one in pool.map(run, acts) if one is not None]
    booked = {answer.get_json()["id"] for answer in answers if answer.status_code == 201}
    flagged = {one["id"] for one in clinic.desk.get("/appointments", flagged="true").get_json()["items"]}

    refused = [codes(answer) for answer in answers if answer.status_code != 201]
    assert len(refused) + len(booked) == 12
    assert [] not in refused
    assert len(elsewhere.taken()) == 12
    assert flagged == booked
    assert {one["appointment_id"] for one in clinic.desk.get("/conflicts").get_json()["items"]} == booked
    assert_sound(database, clinic.desk)
    assert deadlocks(database) == before


def test_busy_time_waits_for_a_booking_that_has_looked_already(
    elsewhere: Elsewhere, database: Database
) -> None:
    """The booking has seen that the therapist is free and is stopped before it can write."""
    clinic, taken = elsewhere.clinic, at("12:00")
    with ThreadPoolExecutor(2) as pool:
        with database.transaction() as gate:
            gate.execute(text("LOCK TABLE appointments IN SHARE MODE"))
            booking = pool.submit(clinic.book, taken)
            await_waiting(database, "relation")
            writing = pool.submit(elsewhere.take, taken)
            await_waiting(database, "advisory", unless=writing.done)
        answer = booking.result()
        writing.result()

    assert answer.status_code == 201
    assert [one["appointment_id"] for one in clinic.desk.get("/conflicts").get_json()["items"]] == [
        answer.get_json()["id"]
    ]
    assert clinic.desk.get("/appointments", flagged="true").get_json()["items"]


def test_a_visit_that_leaves_without_the_therapists_lock_is_not_flagged_behind_its_back(
    elsewhere: Elsewhere, database: Database
) -> None:
    """The move does not lock an assistant who is no longer a candidate."""
    visit, clinic = elsewhere.clinic.booked(at("12:00")), elsewhere.clinic
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(clinic.desk.clinic_id) as leaving:
            mine = {"id": visit["id"]}
            leaving.execute(text("SELECT FROM appointments WHERE id = :id FOR UPDATE"), mine)
            leaving.execute(text("DELETE FROM occupancies WHERE appointment_id = :id"), mine)
            writing = pool.submit(elsewhere.take, at("12:00"))
            await_waiting(database, "transactionid", unless=writing.done)
        writing.result()

    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["flags"] == []


def await_waiting(database: Database, kind: str, unless: Callable[[], bool] = bool) -> None:
    """Wait until a connection waits for a lock of this kind, for a few seconds at most."""
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE datname = current_database() AND NOT granted AND locktype = :kind"
    )
    give_up = monotonic() + 4
    while monotonic() < give_up and not unless():
        with database.transaction() as session:
            if session.scalar(waiting, {"kind": kind}):
                return
        sleep(0.01)
