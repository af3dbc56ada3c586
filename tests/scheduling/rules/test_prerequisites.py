"""A consultation comes first and lasts for a time after a cooling-off; treatments renew it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from scheduling.catalog import Policy
from scheduling.questions import Session, Verdict
from scheduling.rulebook import Prerequisite
from tests.scheduling.cast import (
    codes,
    create_consultation,
    create_location,
    create_patient,
    create_procedure,
    create_session,
    judge,
    tick_at,
    week,
)

CONSULTED = Prerequisite("CONSULT")


def treated(
    arrival: int, *sessions: Session, needs: tuple[Prerequisite, ...] = (CONSULTED,), **policy: Any
) -> Verdict:
    """Return the verdict on an arrival at a location that is always open."""
    location = create_location(
        opening_hours=week("00:00", "24:00"), policy=Policy(horizon_days=2000, **policy)
    )
    procedure = create_procedure(prerequisites=needs)
    return judge(arrival, patient=create_patient(*sessions), procedure=procedure, location=location)


def renewal(ends: int, **overrides: Any) -> Session:
    """Return a performed treatment that needed a consultation."""
    given = {"ends": ends, "requires": frozenset({"CONSULT"}), "performed": True}
    return create_session(create_consultation(ends).on.isoformat(), **given | overrides)


def test_without_a_consultation_nothing_is_booked_and_no_date_helps() -> None:
    (refusal,) = treated(tick_at("2027-03-01T10:00")).refusals

    assert (refusal.code, refusal.rule_id) == ("prerequisite_missing", "H11")
    assert (refusal.earliest_on, refusal.overridable_by) == (None, None)


@pytest.mark.parametrize(
    ("consulted", "treated_at"),
    [
        ("2027-03-01T10:30", "2027-03-02T10:30"),
        # The clocks go forward and back: a day of 24 hours ends an hour later or sooner by the wall.
        ("2027-03-27T12:00", "2027-03-28T13:00"),
        ("2027-10-30T12:00", "2027-10-31T11:00"),
    ],
)
def test_24_real_hours_pass_between_the_consultations_end_and_the_treatment(
    consulted: str, treated_at: str
) -> None:
    first = create_consultation(tick_at(consulted))
    outcome = [codes(treated(tick_at(treated_at) + ticks, first)) for ticks in (-1, 0, 1)]

    assert outcome == [["cooling_off"], [], []]


@pytest.mark.parametrize(
    ("ticks", "expected"), [(-1, "prerequisite_missing"), (0, "cooling_off"), (1, "cooling_off")]
)
def test_a_consultation_counts_from_its_end(ticks: int, expected: str) -> None:
    end = tick_at("2027-03-01T10:30")

    assert codes(treated(end + ticks, create_consultation(end))) == [expected]


def test_a_refusal_while_it_is_thought_over_names_the_day_on_which_that_ends() -> None:
    (refusal,) = treated(
        tick_at("2027-03-02T09:00"), create_consultation(tick_at("2027-03-01T10:30"))
    ).refusals

    assert (refusal.rule_id, refusal.earliest_on) == ("H12", date(2027, 3, 2))
    assert refusal.overridable_by == "clinician"
    assert refusal.grounds == {("cooling_off", "H12", UUID(int=66), date(2027, 3, 1))}


def test_before_a_booked_consultation_the_treatment_has_a_first_date() -> None:
    (refusal,) = treated(
        tick_at("2027-02-20T10:00"), create_consultation(tick_at("2027-03-01T10:30"))
    ).refusals

    assert (refusal.code, refusal.earliest_on) == ("prerequisite_missing", date(2027, 3, 2))


@pytest.mark.parametrize(("days", "expected"), [(179, []), (180, []), (181, ["prerequisite_expired"])])
def test_a_consultation_lasts_180_days_and_their_last_one_whole(days: int, expected: list[str]) -> None:
    consulted = tick_at("2027-03-01T10:30")
    last_minutes = tick_at(f"{date(2027, 3, 1) + timedelta(days=days)}T23:35")

    assert codes(treated(last_minutes, create_consultation(consulted))) == expected


@pytest.mark.parametrize(
    ("done", "day", "expected"),
    [
        ("2027-05-31", "2028-11-29", []),
        ("2027-05-31", "2028-11-30", []),
        ("2027-05-31", "2028-12-01", ["prerequisite_expired"]),
        ("2026-08-31", "2028-02-28", []),
        ("2026-08-31", "2028-02-29", []),
        ("2026-08-31", "2028-03-01", ["prerequisite_expired"]),
    ],
)
def test_a_treatment_renews_it_for_18_months_to_the_end_of_the_month(
    done: str, day: str, expected: list[str]
) -> None:
    assert codes(treated(tick_at(f"{day}T10:00"), renewal(tick_at(f"{done}T11:00")))) == expected


def test_a_booked_treatment_renews_it_only_with_a_consultation_behind_it() -> None:
    booked = renewal(tick_at("2027-03-10T11:00"), performed=False)

    assert codes(treated(tick_at("2028-03-10T10:00"), booked)) == ["prerequisite_missing"]
    assert (
        codes(treated(tick_at("2028-03-10T10:00"), create_consultation(tick_at("2027-03-01T10:30")), booked))
        == []
    )


def test_a_treatment_that_needed_none_renews_nothing() -> None:
    other = create_session("2027-03-01", ends=tick_at("2027-03-01T11:00"))

    assert codes(treated(tick_at("2027-06-01T10:00"), other)) == ["prerequisite_missing"]


def test_what_was_done_elsewhere_renews_nothing() -> None:
    elsewhere = create_session("2027-03-01", appointment_id=None, requires=frozenset({"CONSULT"}))

    assert codes(treated(tick_at("2027-06-01T10:00"), elsewhere)) == ["prerequisite_missing"]


def test_a_new_consultation_is_not_thought_over_while_an_old_one_lasts() -> None:
    old, new = (
        create_consultation(tick_at("2027-03-01T10:30")),
        create_consultation(tick_at("2027-06-01T10:30")),
    )

    assert codes(treated(tick_at("2027-06-01T11:00"), old, new)) == []


def test_after_an_expired_consultation_a_new_one_is_thought_over() -> None:
    old, new = (
        create_consultation(tick_at("2026-03-01T10:30")),
        create_consultation(tick_at("2027-06-01T10:30")),
    )
    hours = [
        codes(treated(tick_at(f"2027-06-0{moment}"), old, new))
        for moment in ("1T10:00", "1T11:00", "2T10:30")
    ]

    assert hours == [["prerequisite_expired"], ["cooling_off"], []]


def test_what_is_over_before_it_is_thought_over_is_over() -> None:
    needs = (Prerequisite("CONSULT", min_hours_before=72, valid_days=1),)
    consulted = create_consultation(tick_at("2027-03-01T10:30"))
    outcome = [codes(treated(tick_at(f"2027-03-0{day}T10:00"), consulted, needs=needs)) for day in (2, 3, 5)]

    assert outcome == [["cooling_off"], ["prerequisite_expired"], ["prerequisite_expired"]]


def test_a_prerequisites_own_hours_and_days_replace_the_policys() -> None:
    needs = (Prerequisite("CONSULT", min_hours_before=0, valid_days=1),)
    end = tick_at("2027-03-01T10:30")
    outcome = [
        codes(treated(end + ticks, create_consultation(end), needs=needs)) for ticks in (0, 288, 2 * 288)
    ]

    assert outcome == [[], [], ["prerequisite_expired"]]


def test_the_policys_hours_are_used_otherwise() -> None:
    end = tick_at("2027-03-01T10:30")
    outcome = [
        codes(treated(end + ticks, create_consultation(end), cooling_off_hours=2)) for ticks in (23, 24)
    ]

    assert outcome == [["cooling_off"], []]


def test_each_of_several_prerequisites_must_be_met() -> None:
    needs, consulted = (CONSULTED, Prerequisite("PHOTO")), create_consultation(tick_at("2027-03-01T10:30"))
    photo = create_consultation(tick_at("2027-03-03T10:30"), family="PHOTO", appointment_id=UUID(int=67))
    outcome = [
        codes(treated(tick_at(f"2027-03-0{moment}"), consulted, photo, needs=needs))
        for moment in ("2T09:00", "3T09:00", "4T09:00", "4T10:30")
    ]

    assert outcome == [["prerequisite_missing", "cooling_off"], ["prerequisite_missing"], ["cooling_off"], []]


def test_of_two_that_are_thought_over_the_one_in_force_is_named() -> None:
    photo = Prerequisite("PHOTO", min_hours_before=1)
    consulted = create_consultation(tick_at("2027-03-01T15:00"))
    shot = create_consultation(tick_at("2027-03-01T09:00"), family="PHOTO", appointment_id=UUID(int=67))
    found = treated(tick_at("2027-03-01T09:30"), consulted, shot, needs=(CONSULTED, photo)).refusals

    assert [(one.code, {ground[2] for ground in one.grounds}) for one in found] == [
        ("prerequisite_missing", {None}),
        ("cooling_off", {UUID(int=67)}),
    ]
