"""Once a visit has begun it occupies what it really uses, and not what was planned."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from booking.claims.reconciling import differences_of
from models import Occupancy
from models.database import Database
from scheduling.ticks import from_tick
from tests.support.cast import (
    Clinic,
    Made,
    another_patient,
    codes,
    create_clinic,
    create_pipeline,
    create_room,
    create_therapist,
    event_types,
    refusal,
    short_phases,
)
from tests.support.desk import Desk
from tests.support.times import NEXT_DAY, at
from tests.support.visits import flag_codes, flagged, shown_visit

FIFTEEN = at("15:00")


def on(clinic: Clinic, clock: str) -> Clinic:
    """Give the clinic at a clock time of the day."""
    return clinic.at(at(clock))


def occupied(database: Database, visit: Made) -> list[tuple[str, str]]:
    """Give the clock times from which and to which a visit occupies anything, sorted."""
    claims = select(Occupancy.start_tick, Occupancy.end_tick).where(
        Occupancy.appointment_id == UUID(visit["id"])
    )
    with database.transaction(UUID(visit["clinic_id"])) as session:
        spans = {(_clock(start), _clock(end)) for start, end in session.execute(claims)}
    return sorted(spans)


def _clock(tick: int) -> str:
    return f"{from_tick(tick):%H:%M}"


def known(clinic: Clinic, visit: Made) -> Made:
    """Give a visit together with the id of its clinic."""
    return visit | {"clinic_id": str(clinic.desk.clinic_id)}


def started(clinic: Clinic, clock: str, visit: Made, arrives: str | None = None) -> Made:
    """Note the start of a treatment at a clock time, and before it that the patient has arrived."""
    here = on(clinic, arrives or clock).acted("arrive", shown_visit(clinic, visit))
    return on(clinic, clock).acted("start", here)


def test_a_treatment_that_begins_early_occupies_the_room_from_then(
    clinic: Clinic, database: Database
) -> None:
    visit = clinic.booked(FIFTEEN)

    started(clinic, "10:02", visit)

    refused = on(another_patient(clinic), "10:04").book(at("10:05"))
    assert occupied(database, known(clinic, visit)) == [("10:00", "10:20")]
    assert codes(refused) == ["no_room_available", "no_therapist_available"]
    assert on(another_patient(clinic), "10:05").book(at("10:20")).status_code == 201


def test_the_time_that_was_planned_is_free_for_others_and_for_the_patient(clinic: Clinic) -> None:
    started(clinic, "10:02", clinic.booked(FIFTEEN))

    own, others = on(clinic, "10:30").book(FIFTEEN), on(another_patient(clinic), "10:30").book(at("15:20"))

    assert (own.status_code, others.status_code) == (201, 201)


def test_the_patient_is_busy_when_the_visit_really_is(clinic: Clinic) -> None:
    create_therapist(clinic.desk, clinic.location, name="Other")
    create_room(clinic.desk, clinic.location, name="Other")
    started(clinic, "10:02", clinic.booked(FIFTEEN))

    refused = on(clinic, "10:05").book(at("10:10"))

    assert codes(refused) == ["patient_busy"]


def test_a_room_in_use_refuses_and_says_by_whom_and_until_when(clinic: Clinic) -> None:
    running, next_one = clinic.booked(at("10:00")), another_patient(clinic).booked(at("10:20"))
    started(clinic, "10:07", running)

    here = on(clinic, "10:21").acted("arrive", shown_visit(clinic, next_one))
    refused = on(clinic, "10:21").act("start", here)

    assert codes(refused) == ["room_busy", "therapist_busy"]
    used = refusal(refused, "room_busy")
    assert (used["appointment_id"], used["until"]) == (running["id"], at("10:25"))


@pytest.mark.parametrize(("leaves", "begins", "meet"), [("10:22", "10:23", False), ("10:24", "10:20", True)])
def test_who_leaves_and_who_begins_in_the_same_five_minutes_do_not_meet(
    clinic: Clinic, database: Database, leaves: str, begins: str, meet: bool
) -> None:
    first, second = clinic.booked(at("10:00")), another_patient(clinic).booked(at("10:20"))
    running = started(clinic, "10:00", first)
    done = on(clinic, leaves).acted("complete", running)
    evening = on(clinic, "18:00")
    here = evening.acted("arrive", shown_visit(clinic, second), at=at(begins))

    begun = evening.acted("start", here, at=at(begins))

    assert not meet or begun["flags"] == []
    assert occupied(database, known(clinic, done)) == [("10:00", "10:20")]
    assert occupied(database, known(clinic, begun)) == [("10:20", "10:40")]


def test_a_planned_visit_that_is_run_into_is_flagged_with_other_times_and_keeps_its_claim(
    clinic: Clinic, database: Database
) -> None:
    running, planned = clinic.booked(at("09:40")), another_patient(clinic).booked(at("10:00"))

    begun = started(clinic, "09:52", running, arrives="09:40")

    assert (begun["affected"], flag_codes(clinic, planned)) == ([planned["id"]], ["overrun"])
    assert shown_visit(clinic, planned)["flags"][0]["appointment_id"] == running["id"]
    assert {one["appointment_id"] for one in begun["alternatives"]} == {planned["id"]}
    assert occupied(database, known(clinic, running)) == [("09:50", "10:00")]
    assert occupied(database, known(clinic, planned)) == [("10:00", "10:20")]
    assert event_types(database, clinic.desk, planned)[-1] == "appointment.flagged"
    assert list(differences_of(database, clinic.desk.clinic_id)) == []


def test_the_flag_goes_when_the_visit_ends_in_time(clinic: Clinic) -> None:
    running, planned = clinic.booked(at("09:40")), another_patient(clinic).booked(at("10:00"))
    begun = started(clinic, "09:52", running, arrives="09:40")

    on(clinic, "09:59").acted("complete", begun)

    assert flag_codes(clinic, planned) == []


def test_the_flag_goes_when_the_visit_is_cancelled_while_its_cream_is_on(desk: Desk) -> None:
    clinic = create_pipeline(desk, treatment=1, bays=1)
    first, second = clinic.booked(at("10:00")), another_patient(clinic).booked(at("10:55"))
    here = on(clinic, "10:00").acted("arrive", first)
    numbed = on(clinic, "10:35").acted("start-numbing", here)
    flags = flag_codes(clinic, second)

    on(clinic, "10:40").acted("cancel", numbed, reason_code="medical")

    assert (flags, flag_codes(clinic, second)) == (["overrun"], [])


def test_the_flag_goes_when_the_visit_moves_or_begins_itself(clinic: Clinic) -> None:
    running, planned = clinic.booked(at("09:40")), another_patient(clinic).booked(at("10:00"))
    begun = started(clinic, "09:52", running, arrives="09:40")
    moved = on(clinic, "09:55").acted("reschedule", shown_visit(clinic, planned), starts_at=at("10:20"))
    on(clinic, "10:12").acted("complete", begun)

    later = started(clinic, "10:20", moved)

    assert (moved["flags"], later["flags"]) == ([], [])


def test_arriving_early_claims_nothing_and_is_never_refused_for_want_of_a_room(
    clinic: Clinic, database: Database
) -> None:
    running = started(clinic, "09:30", clinic.booked(at("09:30")))
    visit = another_patient(clinic).booked(at("11:00"))

    here = on(clinic, "09:35").acted("arrive", visit)

    assert (running["status"], here["status"], here["flags"]) == ("in_progress", "arrived", [])
    assert occupied(database, known(clinic, visit)) == [("11:00", "11:20")]


def test_numbing_occupies_its_place_from_its_real_start(pipeline: Clinic, database: Database) -> None:
    visit = pipeline.booked(at("10:00"))
    here = on(pipeline, "09:35").acted("arrive", visit)

    on(pipeline, "09:47").acted("start-numbing", here)

    # The treatment stays as planned from 10:40: the cream may work for 55 minutes.
    assert occupied(database, known(pipeline, visit)) == [
        ("09:45", "10:40"), ("10:40", "11:10"), ("10:40", "11:35"),
    ]  # fmt: skip


def test_numbing_that_begins_late_moves_the_treatment_no_more_than_it_must(
    pipeline: Clinic, database: Database
) -> None:
    visit = pipeline.booked(at("10:00"))
    here = on(pipeline, "10:00").acted("arrive", visit)

    on(pipeline, "10:32").acted("start-numbing", here)

    assert occupied(database, known(pipeline, visit)) == [
        ("10:00", "10:10"), ("10:30", "10:50"), ("10:50", "11:20"), ("10:50", "11:45"),
    ]  # fmt: skip


def test_a_place_of_numbing_in_use_refuses(desk_of_one_bay: Clinic) -> None:
    clinic = desk_of_one_bay
    first, second = clinic.booked(at("10:00")), another_patient(clinic).booked(at("10:55"))
    here = on(clinic, "10:00").acted("arrive", first)
    on(clinic, "10:40").acted("start-numbing", here)
    waits = on(clinic, "10:45").acted("arrive", shown_visit(clinic, second))

    refused = on(clinic, "10:46").act("start-numbing", waits)

    assert codes(refused) == ["room_busy"]
    assert refusal(refused, "room_busy")["appointment_id"] == first["id"]


@pytest.fixture
def desk_of_one_bay(desk: Desk) -> Clinic:
    """Give a clinic with one numbing bay and one treatment room, in which nobody may numb."""
    clinic = create_pipeline(desk, treatment=1, bays=1)
    phases = [
        {**phase, "room_kinds": ["numbing"]} if phase["kind"] == "numbing" else phase
        for phase in clinic.procedure["phases"]
    ]
    assert desk.patch(f"/procedures/{clinic.procedure['id']}", {"phases": phases}).status_code == 200
    return clinic


def test_completing_early_frees_the_rest_at_once_and_keeps_the_turnover(
    pipeline: Clinic, database: Database
) -> None:
    visit = pipeline.booked(at("10:00"))
    numbing = on(pipeline, "10:10").acted("start-numbing", on(pipeline, "10:00").acted("arrive", visit))
    begun = on(pipeline, "10:45").acted("start", numbing, cream_off_at=at("10:40"))

    on(pipeline, "11:08").acted("complete", begun)

    assert occupied(database, known(pipeline, visit))[-1] == ("10:40", "11:15")
    assert max(end for _, end in occupied(database, known(pipeline, visit))) == "11:15"


def test_turnover_lasts_up_to_where_the_next_claim_begins(desk: Desk, database: Database) -> None:
    clinic = create_clinic(desk, procedure={"phases": short_phases(20, turnover=10)})
    running, planned = clinic.booked(at("10:00")), another_patient(clinic).booked(at("10:30"))
    begun = started(clinic, "10:03", running)

    on(clinic, "10:25").acted("complete", begun)

    assert occupied(database, known(clinic, running)) == [("10:00", "10:25"), ("10:00", "10:30")]
    assert flag_codes(clinic, planned) == []


def test_a_visit_that_takes_longer_keeps_its_room_while_it_goes_on(clinic: Clinic) -> None:
    started(clinic, "10:00", clinic.booked(at("10:00")))
    other = another_patient(clinic)

    now = on(other, "10:31").book(at("10:30"))
    next_one = on(other, "10:31").book(at("10:35"))

    assert codes(now) == ["no_room_available", "no_therapist_available"]
    assert next_one.status_code == 201


def test_a_visit_never_runs_over_the_claim_of_another(clinic: Clinic) -> None:
    started(clinic, "10:00", clinic.booked(at("10:00")))
    planned = another_patient(clinic).booked(at("10:25"))

    moved = on(clinic, "10:31").acted("reschedule", shown_visit(clinic, planned), starts_at=at("10:30"))

    assert (moved["starts_at"], moved["flags"]) == (at("10:30"), [])


@pytest.mark.parametrize(("clock", "found"), [("19:00", []), ("19:01", ["not_closed"])])
def test_after_the_closing_time_a_visit_under_way_is_flagged(
    clinic: Clinic, clock: str, found: list[str]
) -> None:
    visit = started(clinic, "10:00", clinic.booked(at("10:00")))
    evening = on(clinic, clock)

    shown = shown_visit(evening, visit)

    assert [one["code"] for one in shown["flags"]] == found
    assert flagged(evening) == [visit["id"]] * len(found)


def test_a_visit_that_was_never_closed_stands_in_nobodys_way_the_next_day(clinic: Clinic) -> None:
    visit = started(clinic, "10:00", clinic.booked(at("10:00")))
    next_day = clinic.at(at("10:00", NEXT_DAY))

    later = another_patient(next_day).booked(at("10:00", NEXT_DAY))
    begun = next_day.acted("start", next_day.acted("arrive", later))

    assert begun["status"] == "in_progress"
    assert [one["code"] for one in shown_visit(next_day, visit)["flags"]] == ["not_closed"]


def test_a_flag_of_the_closing_time_goes_when_the_visit_is_closed(clinic: Clinic) -> None:
    visit = started(clinic, "10:00", clinic.booked(at("10:00")))

    done = on(clinic, "20:00").acted("complete", visit, at=at("10:25"))

    assert done["flags"] == []


def test_what_was_noted_afterwards_is_a_fact_and_claims_what_was_free(
    clinic: Clinic, database: Database
) -> None:
    first, second = clinic.booked(at("10:00")), another_patient(clinic).booked(at("11:00"))
    started_first = started(clinic, "10:00", first)
    on(clinic, "10:20").acted("complete", started_first)
    evening = on(clinic, "18:00")

    here = evening.acted("arrive", second, at=at("10:05"))
    begun = evening.acted("start", here, at=at("10:10"))
    done = evening.acted("complete", begun, at=at("10:35"))

    assert [one["code"] for one in done["flags"]] == ["overlap"]
    assert occupied(database, known(clinic, second)) == [("10:20", "10:35")]
    assert flag_codes(clinic, first) == []


def test_a_therapist_in_use_refuses_in_another_room(clinic: Clinic) -> None:
    create_room(clinic.desk, clinic.location, name="Second room")
    running, other = clinic.booked(at("10:00")), another_patient(clinic).booked(at("10:20"))
    started(clinic, "10:00", running)
    here = on(clinic, "10:10").acted("arrive", other)

    refused = on(clinic, "10:12").act("start", here)

    assert "therapist_busy" in codes(refused)


def test_a_room_for_two_takes_a_second_patient_and_no_third(desk: Desk) -> None:
    clinic = create_clinic(desk, rooms=[{"kind": "treatment", "capacity": 2}])
    others = [create_therapist(clinic.desk, clinic.location, name=f"Therapist {number}") for number in (2, 3)]
    visits = [
        another_patient(clinic).booked(at(clock), therapist_id=therapist["id"])
        for clock, therapist in zip(("10:00", "10:00", "12:00"), (clinic.therapist, *others), strict=True)
    ]
    started(clinic, "10:00", visits[0])

    third = started_or_refused(clinic, "10:02", visits[2])
    second = started_or_refused(clinic, "10:03", visits[1])

    assert (third.status_code, codes(second)) == (200, ["room_busy"])


def started_or_refused(clinic: Clinic, clock: str, visit: Made) -> Any:
    """Note an arrival and ask to start the treatment."""
    now = on(clinic, clock)
    return now.act("start", now.acted("arrive", shown_visit(clinic, visit)))


def test_time_that_a_visit_really_needs_is_not_free_when_the_planned_visit_goes(clinic: Clinic) -> None:
    running, planned = clinic.booked(at("09:40")), another_patient(clinic).booked(at("10:00"))
    started(clinic, "09:52", running, arrives="09:40")
    now = on(another_patient(clinic), "09:55")
    now.acted("cancel", shown_visit(clinic, planned), reason_code="patient")

    refused, later = now.book(at("10:00")), now.book(at("10:10"))

    assert codes(refused) == ["no_room_available", "no_therapist_available"]
    assert later.status_code == 201


def test_other_times_for_a_visit_that_is_run_into_are_really_others(clinic: Clinic) -> None:
    running, planned = clinic.booked(at("09:40")), another_patient(clinic).booked(at("10:00"))

    begun = started(clinic, "09:52", running, arrives="09:40")

    offered = {one["starts_at"] for one in begun["alternatives"] if one["appointment_id"] == planned["id"]}
    assert offered
    assert planned["starts_at"] not in offered
