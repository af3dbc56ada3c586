"""The first date that a refusal names is exact, for random histories, holds, rules and zones."""

from hypothesis import given, settings

from tests.scheduling.moments import (
    ONE_DAY,
    REFUSED_UNTIL_A_DATE,
    REFUSED_WITHOUT_A_DATE,
    Asked,
    asked,
)


@settings(max_examples=150, deadline=None)
@given(REFUSED_UNTIL_A_DATE)
def test_no_arrival_passes_before_the_date_that_a_refusal_names_and_one_does_on_it(case: Asked) -> None:
    (first,) = {refusal.earliest_on for refusal in case.refusals}

    assert case.free(case.on, first) == 0
    assert case.free(first, first + ONE_DAY) > 0
    assert case.bookable(first)
    assert first == case.on or not case.bookable(first - ONE_DAY)


@settings(max_examples=150, deadline=None)
@given(REFUSED_WITHOUT_A_DATE)
def test_a_date_is_missing_only_where_a_rule_has_no_end(case: Asked) -> None:
    # The random histories reach no further than these dates.
    assert case.free(case.on + 60 * ONE_DAY, case.on + 90 * ONE_DAY) == 0


def test_the_random_histories_are_refused_with_and_without_dates_and_accepted() -> None:
    dates = [{refusal.earliest_on for refusal in asked(seed).refusals} for seed in range(300)]

    assert sum(not found for found in dates) >= 50
    assert sum(bool(found) and None not in found for found in dates) >= 50
    assert sum(None in found for found in dates) >= 20
