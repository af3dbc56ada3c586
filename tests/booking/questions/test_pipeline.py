"""A therapist is free while the cream works, so that a day takes more visits, booked one after another."""

import pytest

from tests.support.cast import Clinic, Made, create_pipeline, standard_phases
from tests.support.desk import Desk
from tests.support.times import minutes_after

DAY, NEXT_DAY = "2027-03-02", "2027-03-03"


def fill_the_day(clinic: Clinic, patients: list[str]) -> list[Made]:
    """Book the first slot for each patient in turn, until the day offers none."""
    booked = []
    for patient_id in patients:
        offered = clinic.starts(DAY, NEXT_DAY, limit=1, patient_id=patient_id)
        if not offered:
            break
        booked.append(clinic.booked(offered[0], patient_id=patient_id))
    return booked


def blocking(*, in_turnover: bool) -> list[Made]:
    """Give MN_FACE_STD's phases with the therapist held whenever the patient is there, or in all of them."""
    return [phase | {"therapist": phase["kind"] != "turnover" or in_turnover} for phase in standard_phases()]


def test_the_day_takes_17_visits_one_every_30_minutes(desk: Desk) -> None:
    clinic = create_pipeline(desk)

    booked = fill_the_day(clinic, clinic.patients(18))

    assert [visit["starts_at"] for visit in booked] == [
        minutes_after("09:00", 30 * number, DAY) for number in range(17)
    ]
    assert booked[-1]["phases"][-1]["ends_at"] == f"{DAY}T18:35:00+00:00"


@pytest.mark.parametrize(("in_turnover", "every"), [(False, 85), (True, 95)])
def test_a_system_that_blocks_the_therapist_takes_6(desk: Desk, in_turnover: bool, every: int) -> None:
    clinic = create_pipeline(desk)
    phases = blocking(in_turnover=in_turnover)
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", {"phases": phases})

    booked = fill_the_day(clinic, clinic.patients(8))

    assert [visit["starts_at"] for visit in booked] == [
        minutes_after("09:00", every * number, DAY) for number in range(6)
    ]


def test_one_treatment_room_is_the_bottleneck_and_takes_a_visit_every_55_minutes(desk: Desk) -> None:
    clinic = create_pipeline(desk, treatment=1)

    booked = fill_the_day(clinic, clinic.patients(12))

    assert [visit["starts_at"] for visit in booked] == [
        minutes_after("09:00", 55 * number, DAY) for number in range(10)
    ]


def test_a_visit_stays_in_one_bay_one_room_and_with_one_therapist(desk: Desk) -> None:
    clinic = create_pipeline(desk)

    visit = clinic.booked(minutes_after("09:00", 0, DAY))

    rooms = [phase["room_id"] for phase in visit["phases"]]
    assert rooms[0] == rooms[1]
    assert len(set(rooms[2:])) == 1
    assert [phase["therapist_id"] for phase in visit["phases"]] == (
        [None] * 2 + [clinic.therapist["id"]] * 3 + [None] * 3
    )
    assert visit["procedure_at"] == minutes_after("09:00", 45, DAY)
    assert visit["ends_at"] == minutes_after("09:00", 85, DAY)
