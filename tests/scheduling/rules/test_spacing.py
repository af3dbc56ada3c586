"""Spacing counts civil days, before and after, and the most specific rule decides."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from scheduling.rulebook import Matcher
from tests.scheduling.cast import (
    LONDON,
    NEW_YORK,
    codes,
    create_catalog,
    create_location,
    create_patient,
    create_procedure,
    create_rule,
    create_session,
    judge,
    tick_at,
)

S02 = create_catalog(create_rule())
ACROSS = (
    # (zone, session, 27 days later, 28, 29): over each clock change of 2027.
    (LONDON, "2027-03-06", "2027-04-02", "2027-04-03", "2027-04-04"),
    (LONDON, "2027-10-09", "2027-11-05", "2027-11-06", "2027-11-07"),
    (NEW_YORK, "2027-02-20", "2027-03-19", "2027-03-20", "2027-03-21"),
    (NEW_YORK, "2027-10-16", "2027-11-12", "2027-11-13", "2027-11-14"),
)


@pytest.mark.parametrize(("zone", "first", "short", "exact", "long"), ACROSS)
@pytest.mark.parametrize("clock", ["09:00", "18:40"])
def test_27_civil_days_are_refused_28_and_29_accepted_over_a_clock_change(
    zone: ZoneInfo, first: str, short: str, exact: str, long: str, clock: str
) -> None:
    patient, location = create_patient(create_session(first)), create_location(zone=zone)
    outcome = [
        codes(judge(tick_at(f"{day}T{clock}", zone), S02, patient=patient, location=location))
        for day in (short, exact, long)
    ]

    assert outcome == [["spacing_min"], [], []]


@pytest.mark.parametrize(("zone", "first", "short", "exact", "long"), ACROSS)
def test_a_later_session_keeps_the_same_days_from_an_earlier_one(
    zone: ZoneInfo, first: str, short: str, exact: str, long: str
) -> None:
    location = create_location(zone=zone)
    outcome = [
        codes(
            judge(
                tick_at(f"{first}T10:00", zone),
                S02,
                patient=create_patient(create_session(day)),
                location=location,
            )
        )
        for day in (short, exact, long)
    ]

    assert outcome == [["spacing_min"], [], []]


def test_a_refusal_names_the_rule_the_first_date_and_who_may_override() -> None:
    patient = create_patient(create_session("2027-03-06"))
    (refusal,) = judge(tick_at("2027-04-02T16:00"), S02, patient=patient).refusals

    assert (refusal.rule_id, refusal.earliest_on, refusal.overridable_by) == (
        "S02",
        date(2027, 4, 3),
        "clinician",
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2027-03-19", ["spacing_floor", "spacing_min"]),
        ("2027-03-20", ["spacing_min"]),
        ("2027-03-21", ["spacing_min"]),
    ],
)
def test_under_the_floor_both_codes_are_listed(day: str, expected: list[str]) -> None:
    patient = create_patient(create_session("2027-03-06"))

    assert codes(judge(tick_at(f"{day}T10:00"), S02, patient=patient)) == expected


def test_nobody_may_override_the_floor_and_it_carries_the_first_date_too() -> None:
    patient = create_patient(create_session("2027-03-06"))
    floor, least = judge(tick_at("2027-03-10T10:00"), S02, patient=patient).refusals

    assert (floor.overridable_by, floor.earliest_on) == (None, least.earliest_on)


def test_waiving_the_minimum_leaves_the_floor() -> None:
    patient = create_patient(create_session("2027-03-06"))
    waived = frozenset({"spacing_min", "spacing_floor"})
    verdict = judge(tick_at("2027-03-10T10:00"), S02, patient=patient, waived=waived)

    assert (codes(verdict), verdict.waived_codes) == (["spacing_floor"], {"spacing_min"})


def test_a_waived_minimum_is_reported_when_it_is_violated() -> None:
    patient, waived = create_patient(create_session("2027-03-06")), frozenset({"spacing_min", "off_grid"})
    verdict = judge(tick_at("2027-04-01T10:00"), S02, patient=patient, waived=waived)

    assert (verdict.refusals, verdict.waived_codes) == ((), {"spacing_min"})


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2027-04-03", [date(2027, 4, 10)]), ("2027-04-09", [date(2027, 4, 10)]), ("2027-04-10", [])],
)
def test_between_minimum_and_recommended_a_warning_says_the_better_date(
    day: str, expected: list[date]
) -> None:
    patient = create_patient(create_session("2027-03-06"))
    verdict = judge(tick_at(f"{day}T10:00"), S02, patient=patient)

    assert [notice.earliest_on for notice in verdict.warnings] == expected


def test_the_earliest_date_passes_every_session_and_not_only_the_nearest() -> None:
    patient = create_patient(create_session("2027-03-06"), create_session("2027-04-20"))
    (refusal,) = judge(tick_at("2027-04-02T10:00"), S02, patient=patient).refusals

    assert refusal.earliest_on == date(2027, 5, 18)


def test_two_sessions_on_one_day_are_refused() -> None:
    patient = create_patient(create_session("2027-03-06"))

    assert codes(judge(tick_at("2027-03-06T17:00"), S02, patient=patient)) == ["spacing_floor", "spacing_min"]


def test_a_day_counts_where_the_visit_takes_place() -> None:
    # 23:30 in New York on 2 April is already 3 April in London, where the 28 days would have passed.
    location = create_location(zone=NEW_YORK, opening_hours=())
    patient, waived = create_patient(create_session("2027-03-06")), frozenset({"outside_opening_hours"})
    start = tick_at("2027-04-02T23:30", NEW_YORK)

    assert codes(judge(start, S02, patient=patient, location=location, waived=waived)) == ["spacing_min"]


@pytest.mark.parametrize(("areas", "refused"), [(("SCALP",), False), (("PERIORBITAL",), True), ((), True)])
def test_only_overlapping_areas_are_spaced_and_unknown_ones_overlap(
    areas: tuple[str, ...], refused: bool
) -> None:
    patient = create_patient(create_session("2027-03-06", areas=areas))

    assert bool(judge(tick_at("2027-03-25T10:00"), S02, patient=patient).refusals) is refused


def test_a_rule_of_patient_scope_ignores_areas() -> None:
    patient = create_patient(create_session("2027-03-06", areas=("SCALP",)))
    catalog = create_catalog(create_rule(scope="patient"))

    assert codes(judge(tick_at("2027-03-25T10:00"), catalog, patient=patient)) == ["spacing_min"]


def test_a_rule_restricted_to_areas_does_not_space_others() -> None:
    rule = create_rule(
        after=Matcher(family="MN", areas=("NECK",)), before=Matcher(family="MN", areas=("NECK",))
    )
    patient = create_patient(create_session("2027-03-06", areas=("FACE", "NECK")))

    assert codes(judge(tick_at("2027-03-25T10:00"), create_catalog(rule), patient=patient)) == []


SUP = Matcher(procedure="MN_FACE_SUP")
S01 = create_rule(
    id=UUID(int=51), code="S01", after=SUP, before=SUP, floor_days=7, min_days=14, recommended_days=28
)
SUP_AND_STD = create_catalog(create_rule(), S01)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2027-03-12", ["spacing_floor", "spacing_min"]),
        ("2027-03-13", ["spacing_min"]),
        ("2027-03-19", ["spacing_min"]),
        ("2027-03-20", []),
    ],
)
def test_a_procedures_own_rule_beats_its_familys(day: str, expected: list[str]) -> None:
    procedure = create_procedure(code="MN_FACE_SUP")
    patient = create_patient(create_session("2027-03-06", procedure="MN_FACE_SUP"))

    assert (
        codes(judge(tick_at(f"{day}T10:00"), SUP_AND_STD, patient=patient, procedure=procedure)) == expected
    )


def test_the_familys_rule_holds_between_two_procedures() -> None:
    patient = create_patient(create_session("2027-03-06", procedure="MN_FACE_SUP"))
    verdict = judge(tick_at("2027-03-25T10:00"), SUP_AND_STD, patient=patient)

    assert [refusal.rule_id for refusal in verdict.refusals] == ["S02"]


def test_at_one_level_the_strictest_rule_decides() -> None:
    stricter = create_rule(id=UUID(int=52), code="S99", floor_days=7, min_days=42, recommended_days=49)
    patient = create_patient(create_session("2027-03-06"))
    refusals = judge(
        tick_at("2027-03-15T10:00"), create_catalog(create_rule(), stricter), patient=patient
    ).refusals

    assert [(r.code, r.rule_id) for r in refusals] == [("spacing_floor", "S02"), ("spacing_min", "S99")]


@pytest.mark.parametrize("levels", [("therapist", "dermatologist"), ("dermatologist", "therapist")])
def test_of_equal_minimums_the_higher_level_decides(levels: tuple[str, str]) -> None:
    rules = [create_rule(id=UUID(int=n), code=f"R{n}", override_by=level) for n, level in enumerate(levels)]
    patient = create_patient(create_session("2027-03-06"))
    (refusal,) = judge(tick_at("2027-03-25T10:00"), create_catalog(*rules), patient=patient).refusals

    assert refusal.overridable_by == "dermatologist"


def test_a_rule_on_an_event_gives_washout_codes_in_its_own_direction_only() -> None:
    rule = create_rule(
        code="X01", after=Matcher(event="botulinum_toxin"), floor_days=2, min_days=14, recommended_days=None,
        overdue_days=None,
    )  # fmt: skip
    toxin = create_session("2027-05-14", procedure="TOXIN", family="TOXIN", event="botulinum_toxin")
    catalog, patient = create_catalog(rule), create_patient(toxin)
    outcome = [
        codes(judge(tick_at(f"2027-05-{day}T10:00"), catalog, patient=patient))
        for day in (13, 14, 15, 16, 27, 28)
    ]

    both = ["washout_floor", "washout_min"]
    assert outcome == [[], both, both, ["washout_min"], ["washout_min"], []]


def test_a_minimum_of_no_days_refuses_nothing() -> None:
    rule = create_rule(floor_days=0, min_days=0, recommended_days=7)
    patient = create_patient(create_session("2027-03-06"))

    assert codes(judge(tick_at("2027-03-06T10:00"), create_catalog(rule), patient=patient)) == []


def test_a_visit_without_a_patient_is_not_spaced() -> None:
    assert judge(tick_at("2027-03-06T10:00"), S02, patient=None).refusals == ()
