"""The engine's values reject nonsense when they are made."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from scheduling.bits import Window, busy_bits
from scheduling.catalog import Closure, Policy, Qualification, SpecialDay, WeeklyPeriod
from scheduling.engine import check
from scheduling.rulebook import CourseTemplate, Matcher, Prerequisite
from tests.scheduling.cast import (
    LOCATION,
    around,
    ask,
    create_catalog,
    create_device,
    create_hold_rule,
    create_location,
    create_phase,
    create_procedure,
    create_room,
    create_rule,
    create_therapist,
    tick_at,
)

COURSE = {"code": "FACES", "procedure_ids": (UUID(int=1),), "sessions": 3}
EARLY, LATE = date(2027, 1, 1), date(2027, 1, 2)
MAINTENANCE = {"maintenance_opens_months": 12, "maintenance_closes_months": 6}
NONSENSE: tuple[tuple[Callable[..., Any], dict[str, Any]], ...] = (
    (WeeklyPeriod, {"weekday": 7, "starts": 0, "ends": 60}),
    (WeeklyPeriod, {"weekday": 0, "starts": 60, "ends": 60}),
    (WeeklyPeriod, {"weekday": 0, "starts": 3, "ends": 60}),
    (WeeklyPeriod, {"weekday": 0, "starts": 0, "ends": 1445}),
    (WeeklyPeriod, {"weekday": 0, "starts": 0, "ends": 60, "valid_from": LATE, "valid_until": EARLY}),
    (SpecialDay, {"on": EARLY, "periods": ((60, 60),)}),
    (SpecialDay, {"on": EARLY, "periods": ((3, 60),)}),
    (SpecialDay, {"on": EARLY, "periods": ((0, 1445),)}),
    (SpecialDay, {"on": EARLY, "periods": ((0, 65), (60, 120))}),
    (SpecialDay, {"on": EARLY, "periods": ((60, 120), (0, 60))}),
    (create_location, {"special_hours": (SpecialDay(LATE), SpecialDay(EARLY))}),
    (create_location, {"special_hours": (SpecialDay(EARLY), SpecialDay(EARLY))}),
    (create_therapist, {"special_hours": {UUID(int=1): (SpecialDay(EARLY), SpecialDay(EARLY))}}),
    (create_location, {"travel_minutes": {LOCATION: 5}}),
    (create_location, {"travel_minutes": {UUID(int=2): 7}}),
    (create_location, {"travel_minutes": {UUID(int=2): -5}}),
    (Policy, {"grid_minutes": 0}),
    (Policy, {"grid_minutes": 7}),
    (Policy, {"min_notice_minutes": -1}),
    (Policy, {"offer": "some"}),
    (Policy, {"horizon_days": 36_501}),
    (Policy, {"consultation_valid_days": 36_501}),
    (Policy, {"consultation_renewal_months": 1_201}),
    (Policy, {"cooling_off_hours": -1}),
    (Closure, {"id": UUID(int=1), "starts": 5, "ends": 5}),
    (create_location, {"holidays": (LATE, EARLY)}),
    (create_location, {"holidays": (EARLY, EARLY)}),
    (Qualification, {"code": ""}),
    (Qualification, {"code": "BBP", "valid_from": LATE, "valid_until": EARLY}),
    (Qualification, {"code": "BBP", "max_depth_mm": -1}),
    (Qualification, {"code": "BBP", "max_depth_mm": {"FACE": -1}}),
    (create_room, {"capacity": 0}),
    (create_room, {"kind": ""}),
    (create_device, {"kind": ""}),
    (create_phase, {"kind": "dance"}),
    (create_phase, {"minutes": 0}),
    (create_phase, {"minutes": 12}),
    (create_phase, {"minutes": 20, "min_minutes": 25}),
    (create_phase, {"minutes": 20, "max_minutes": 15}),
    (create_phase, {"at_minute": -5}),
    (create_phase, {"at_minute": 3}),
    (create_phase, {"assistant": ""}),
    (create_procedure, {"phases": ()}),
    (create_procedure, {"phases": (create_phase(kind="numbing"),)}),
    (create_procedure, {"phases": (create_phase(patient=False),)}),
    (create_procedure, {"code": ""}),
    (create_procedure, {"depth_mm": -0.5}),
    (Matcher, {}),
    (CourseTemplate, COURSE | {"code": ""}),
    (CourseTemplate, COURSE | {"procedure_ids": ()}),
    (CourseTemplate, COURSE | {"sessions": 0}),
    (CourseTemplate, COURSE | {"maintenance_opens_months": 6}),
    (CourseTemplate, COURSE | {"maintenance_opens_months": 6, "maintenance_closes_months": 6}),
    (Prerequisite, {"family": ""}),
    (Prerequisite, {"family": "CONSULT", "min_hours_before": -1}),
    (Prerequisite, {"family": "CONSULT", "valid_days": -1}),
    (Prerequisite, {"family": "CONSULT", "valid_days": 36_501}),
    (create_hold_rule, {"code": "bad mood"}),
    (create_hold_rule, {"released_by": "janitor"}),
    (create_hold_rule, {"days_after_resolved": -1}),
    (create_hold_rule, {"minimum_age": -1}),
    (create_hold_rule, {"minimum_age": 121}),
    (CourseTemplate, COURSE | MAINTENANCE),
    (create_rule, {"floor_days": 29}),
    (create_rule, {"floor_days": -1}),
    (create_rule, {"recommended_days": 27}),
    (create_rule, {"overdue_days": 34}),
    (create_rule, {"overdue_days": 36_501}),
    (create_rule, {"scope": "clinic"}),
    (create_rule, {"override_by": "janitor"}),
    (Window, {"start": 5, "end": 5}),
    (ask, {"now": datetime(2027, 1, 1)}),  # noqa: DTZ001 (the naive time is the point)
    (busy_bits, {"packed": b"1234567", "window": Window(0, 5)}),
    (create_hold_rule, {"code": "flu"}),
    (create_hold_rule, {"rule_id": ""}),
    (create_hold_rule, {"days_after_resolved": -1}),
    (create_hold_rule, {"days_after_resolved": 36_501}),
    (create_hold_rule, {"minimum_age": -1}),
    (create_hold_rule, {"code": "infection", "minimum_age": 18}),
    (create_hold_rule, {"released_by": "nobody"}),
)


@pytest.mark.parametrize(("make", "fields"), NONSENSE)
def test_nonsense_is_refused(make: Callable[..., Any], fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make(**fields)


def test_a_consultation_needs_no_needling() -> None:
    assert create_procedure(create_phase(kind="consultation")).phases[0].kind == "consultation"


def test_a_visit_outside_its_window_is_not_judged() -> None:
    start = tick_at("2027-06-01T10:00")
    window = Window(start, start + 3)

    with pytest.raises(ValueError, match="inside the window"):
        check(ask(), create_catalog(), {}, start, window)


def test_nothing_of_a_visit_may_leave_the_window() -> None:
    start = tick_at("2027-06-01T10:00")

    assert around(start).end - around(start).start == 48 * 12
    assert check(ask(), create_catalog(), {}, start, Window(start, start + 4)).refusals == ()


def test_values_are_frozen() -> None:
    with pytest.raises(AttributeError):
        create_room().capacity = 2  # type: ignore[misc]
