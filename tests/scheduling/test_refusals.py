"""A verdict lists every reason with a message, and a pool's refusal the reasons of each candidate."""

import pytest

from scheduling.catalog import Qualification
from scheduling.reasons import DESK, NEVER_WAIVED, REFUSALS, WARNINGS, Notice, Refusal, refuse
from tests.scheduling.cast import (
    ALICE,
    BOB,
    CAROL,
    LASER_1,
    LASER_2,
    LOCATION,
    ROOM_1,
    ROOM_2,
    around,
    codes,
    create_catalog,
    create_device,
    create_patient,
    create_phase,
    create_procedure,
    create_room,
    create_rule,
    create_session,
    create_therapist,
    judge,
    tick_at,
    week,
)

START = tick_at("2027-06-01T10:00")
ALWAYS = around(START).full
CODES = """
    outside_opening_hours location_closed therapist_not_working therapist_travelling therapist_busy
    therapist_unqualified qualification_expires depth_exceeded no_therapist_available room_busy
    no_room_available device_busy no_device_available patient_busy off_grid min_notice beyond_horizon
    in_the_past spacing_min spacing_floor washout_min washout_floor prerequisite_missing
    prerequisite_expired cooling_off medical_hold one_area_per_visit anaesthetic_area numbing_too_short
    numbing_too_long not_yet
"""


def test_the_codes_are_the_published_ones() -> None:
    assert set(REFUSALS) == set(CODES.split())


def test_no_message_is_empty_and_who_may_waive_is_known() -> None:
    assert all((*REFUSALS.values(), *WARNINGS.values()))
    assert set(REFUSALS) >= (DESK | NEVER_WAIVED)
    assert not DESK & NEVER_WAIVED


@pytest.mark.parametrize("kind", [Refusal, Notice])
def test_an_unknown_code_is_refused(kind: type[Refusal | Notice]) -> None:
    with pytest.raises(ValueError, match="Unknown"):
        kind("made_up", "Hm.")


def test_the_desk_may_override_its_own_codes() -> None:
    assert (refuse("off_grid").overridable_by, refuse("room_busy").overridable_by) == ("desk", None)


def test_every_reason_is_listed_at_once() -> None:
    patient = create_patient(create_session("2027-05-20"), busy=((START, START + 1),))
    busy = {(ROOM_1, 0): ALWAYS, (ALICE, 0): ALWAYS}
    night = tick_at("2027-06-01T08:00")

    verdict = judge(START, create_catalog(create_rule()), busy, patient=patient, therapist_id=ALICE)
    early = judge(night, create_catalog(create_rule()), patient=create_patient(create_session("2027-05-20")))

    assert set(codes(verdict)) == {
        "patient_busy", "spacing_floor", "spacing_min", "therapist_busy", "no_room_available",
    }  # fmt: skip
    assert codes(early) == ["outside_opening_hours", "spacing_floor", "spacing_min"]


def test_a_pool_gives_each_candidates_own_codes() -> None:
    away = create_therapist(id=BOB, working_hours={LOCATION: week("12:00", "13:00")})
    green = create_therapist(id=CAROL, qualifications=())
    catalog = create_catalog(create_therapist(), away, green)
    procedure = create_procedure(qualifications=("MN_DERMAL",))

    (refusal,) = judge(START, catalog, {(ALICE, 0): ALWAYS}, procedure=procedure).refusals

    assert refusal.code == "no_therapist_available"
    assert [(reason.resource_id, reason.code) for reason in refusal.because] == [
        (ALICE, "therapist_busy"), (BOB, "therapist_not_working"), (CAROL, "therapist_unqualified"),
    ]  # fmt: skip


def test_staff_who_do_not_treat_or_work_elsewhere_are_no_candidates() -> None:
    assistant = create_therapist(id=BOB, treats=False)
    elsewhere = create_therapist(id=CAROL, working_hours={ROOM_1: week()})
    catalog = create_catalog(create_therapist(), assistant, elsewhere)

    (refusal,) = judge(START, catalog, {(ALICE, 0): ALWAYS}).refusals

    assert [reason.resource_id for reason in refusal.because] == [ALICE]


@pytest.mark.parametrize("overrides", [{"treats": False}, {"active": False}])
def test_naming_somebody_who_does_not_treat_is_refused(overrides: dict[str, bool]) -> None:
    verdict = judge(START, create_catalog(create_therapist(**overrides)), therapist_id=ALICE)

    assert codes(verdict) == ["therapist_unqualified"]


def test_a_named_room_is_refused_as_itself() -> None:
    catalog = create_catalog(create_room(), create_room(id=ROOM_2))
    (refusal,) = judge(START, catalog, {(ROOM_1, 0): ALWAYS}, room_id=ROOM_1).refusals

    assert (refusal.code, refusal.resource_id) == ("room_busy", ROOM_1)


def test_a_pool_of_rooms_lists_each_busy_one() -> None:
    catalog = create_catalog(create_room(), create_room(id=ROOM_2))
    (refusal,) = judge(START, catalog, {(ROOM_1, 0): ALWAYS, (ROOM_2, 0): ALWAYS}).refusals

    assert [(reason.code, reason.resource_id) for reason in refusal.because] == [
        ("room_busy", ROOM_1), ("room_busy", ROOM_2),
    ]  # fmt: skip


def test_a_named_room_that_serves_no_part_of_the_visit_is_refused() -> None:
    catalog = create_catalog(create_room(), create_room(id=ROOM_2, kind="consultation"))

    assert codes(judge(START, catalog, room_id=ROOM_2)) == ["no_room_available"]


def test_a_room_with_a_free_lane_is_not_busy() -> None:
    assert codes(judge(START, create_catalog(create_room(capacity=2)), {(ROOM_1, 0): ALWAYS})) == []


def test_a_pool_of_devices_lists_each_busy_one() -> None:
    catalog = create_catalog(create_device(), create_device(id=LASER_2))
    procedure = create_procedure(create_phase(device_kinds=("laser",)))
    (refusal,) = judge(
        START, catalog, {(LASER_1, 0): ALWAYS, (LASER_2, 0): ALWAYS}, procedure=procedure
    ).refusals

    assert refusal.code == "no_device_available"
    assert [reason.resource_id for reason in refusal.because] == [LASER_1, LASER_2]


def test_a_device_fixed_to_a_busy_room_serves_no_other() -> None:
    catalog = create_catalog(create_room(), create_room(id=ROOM_2), create_device(room_id=ROOM_2))
    procedure = create_procedure(create_phase(device_kinds=("laser",)))
    (refusal,) = judge(START, catalog, {(ROOM_2, 0): ALWAYS}, procedure=procedure).refusals

    assert refusal.code == "no_device_available"
    assert [(reason.code, reason.resource_id) for reason in refusal.because] == [("room_busy", ROOM_2)]


def test_a_device_fixed_to_a_room_takes_the_visit_there() -> None:
    catalog = create_catalog(create_room(), create_room(id=ROOM_2), create_device(room_id=ROOM_2))
    verdict = judge(START, catalog, procedure=create_procedure(create_phase(device_kinds=("laser",))))

    assert verdict.assignment is not None
    assert verdict.assignment.phases[0].room_id == ROOM_2


def test_nobody_assists_themselves() -> None:
    held = (Qualification("PHLEB"),)
    procedure = create_procedure(create_phase(assistant="PHLEB"))
    (refusal,) = judge(
        START, create_catalog(create_therapist(qualifications=held)), procedure=procedure
    ).refusals

    assert refusal.code == "no_therapist_available"
    assert [(reason.code, reason.resource_id) for reason in refusal.because] == [("therapist_busy", ALICE)]


def test_one_person_assists_in_all_phases_when_possible() -> None:
    held = (Qualification("PHLEB"),)
    helpers = [create_therapist(id=key, treats=False, qualifications=held) for key in (BOB, CAROL)]
    draw = create_phase(name="draw", kind="intake", minutes=10, therapist=False, assistant="PHLEB")
    procedure = create_procedure(draw, create_phase(assistant="PHLEB"))
    busy = {(BOB, 0): around(START).span(START, START + 1)}

    verdict = judge(START, create_catalog(create_therapist(), *helpers), busy, procedure=procedure)

    assert verdict.assignment is not None
    assert [phase.assistant_id for phase in verdict.assignment.phases] == [CAROL, CAROL]


def test_a_therapist_who_does_not_work_is_bookable_once_that_is_waived() -> None:
    catalog = create_catalog(create_therapist(working_hours={LOCATION: week("12:00", "13:00")}))
    verdict = judge(START, catalog, waived=frozenset({"therapist_not_working"}))

    assert (codes(verdict), verdict.waived_codes) == ([], {"therapist_not_working"})


def test_whoever_works_comes_before_whoever_would_need_the_waiver() -> None:
    away = create_therapist(working_hours={LOCATION: week("12:00", "13:00")})
    catalog = create_catalog(away, create_therapist(id=BOB))
    verdict = judge(START, catalog, waived=frozenset({"therapist_not_working"}))

    assert verdict.assignment is not None
    assert (verdict.assignment.therapist_id, verdict.waived_codes) == (BOB, frozenset())


def test_busy_resources_cannot_be_waived() -> None:
    waived = frozenset({"room_busy", "no_room_available", "therapist_busy"})
    verdict = judge(START, create_catalog(), {(ROOM_1, 0): ALWAYS}, waived=waived)

    assert codes(verdict) == ["no_room_available"]
