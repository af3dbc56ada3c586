"""Bookings that race changes of rules or records are refused or flagged."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from werkzeug.test import TestResponse

from jobs.nightly import revalidate_clinic
from models.database import Database
from tests.support.cast import Clinic, Made, codes, create_procedure, create_rule, instant, short_phases
from tests.support.racing import assert_sound, race, statuses
from tests.support.times import at, minutes_after
from tests.support.visits import flag_codes

PATIENTS = 8


def assert_refused_or_flagged(clinic: Clinic, booked: Sequence[TestResponse], code: str) -> None:
    """Insist that every patient's visit is flagged with the code or refused for it."""
    reasons = [flag_codes(clinic, one.get_json()) if one.status_code == 201 else codes(one) for one in booked]
    assert [code in one for one in reasons] == [True] * PATIENTS


def race_with_bookings(clinic: Clinic, path: str, record: Made) -> list[TestResponse]:
    """Book every patient's visit while a record of the same patient is made; give the bookings' answers."""
    acts = [
        act
        for number, patient_id in enumerate(clinic.patients(PATIENTS))
        for act in (
            partial(clinic.book, minutes_after("09:00", 60 * number), patient_id=patient_id),
            partial(clinic.desk.post, f"/patients/{patient_id}/{path}", record),
        )
    ]
    answers = race(acts)
    assert statuses(answers[1::2]) == [201] * PATIENTS
    return answers[::2]


def test_a_hold_and_a_booking_never_miss_each_other(clinic: Clinic, database: Database) -> None:
    hold = {"code": "pregnancy", "opened_on": "2027-01-04"}

    booked = race_with_bookings(clinic, "medical-holds", hold)

    assert_refused_or_flagged(clinic, booked, "medical_hold")
    assert_sound(database, clinic.desk)


def test_a_treatment_and_a_booking_never_miss_each_other(clinic: Clinic, database: Database) -> None:
    toxin = {"event": "botulinum_toxin"}
    create_rule(clinic.desk, code="X01", after=toxin, recommended_days=None, floor_days=2, min_days=90)

    booked = race_with_bookings(clinic, "treatments", toxin | {"areas": ["FACE"], "on": "2027-01-02"})

    assert_refused_or_flagged(clinic, booked, "washout_min")
    assert_sound(database, clinic.desk)


@pytest.fixture
def consulting(clinic: Clinic) -> Made:
    """Make a consultation a prerequisite of the clinic's procedure; give the consultation."""
    needed = {"prerequisites": [{"family": "CONSULT", "min_hours_before": 0}]}
    clinic.desk.patch(f"/procedures/{clinic.procedure['id']}", needed)
    return create_procedure(
        clinic.desk, code="CONSULT_NEW", family="CONSULT", areas=[], phases=short_phases()
    )


def test_a_consultation_is_cancelled_and_the_treatment_booked_at_once(
    clinic: Clinic, consulting: Made, database: Database
) -> None:
    patients = clinic.patients(PATIENTS)
    consultations = [
        clinic.booked(
            minutes_after("09:00", 60 * number, "2027-02-01"),
            patient_id=patient_id,
            procedure_id=consulting["id"],
        )
        for number, patient_id in enumerate(patients)
    ]
    acts = [
        act
        for number, (patient_id, visit) in enumerate(zip(patients, consultations, strict=True))
        for act in (
            partial(clinic.book, minutes_after("09:00", 60 * number), patient_id=patient_id),
            partial(clinic.act, "cancel", visit, reason_code="patient"),
        )
    ]

    answers = race(acts)

    assert statuses(answers[1::2]) == [200] * PATIENTS
    assert_refused_or_flagged(clinic, answers[::2], "prerequisite_missing")
    assert_sound(database, clinic.desk)


def test_a_consultation_elsewhere_is_withdrawn_and_the_treatment_booked_at_once(
    clinic: Clinic, consulting: Made, database: Database
) -> None:
    assert consulting
    patients = clinic.patients(PATIENTS)
    talk = {"event": "consultation", "on": "2027-01-02"}
    paths = [f"/patients/{patient_id}/treatments" for patient_id in patients]
    acts = [
        act
        for number, (patient_id, path) in enumerate(zip(patients, paths, strict=True))
        for act in (
            partial(clinic.book, minutes_after("09:00", 60 * number), patient_id=patient_id),
            partial(clinic.desk.delete, f"{path}/{clinic.desk.made(path, **talk)['id']}"),
        )
    ]

    answers = race(acts)

    assert statuses(answers[1::2]) == [204] * PATIENTS
    assert_refused_or_flagged(clinic, answers[::2], "prerequisite_missing")
    assert_sound(database, clinic.desk)


def test_hours_of_every_other_week_and_bookings_in_the_others_never_miss_each_other(
    clinic: Clinic, database: Database
) -> None:
    turns = {"valid_from": "2027-02-22", "every_weeks": 2}
    hours = [one | turns for one in clinic.location["opening_hours"]]
    acts = [
        partial(clinic.book, minutes_after("09:00", 60 * number), patient_id=patient_id)
        for number, patient_id in enumerate(clinic.patients(PATIENTS))
    ]
    acts.append(partial(clinic.desk.patch, f"/locations/{clinic.location['id']}", {"opening_hours": hours}))

    answers = race(acts)

    assert answers[-1].status_code == 200
    assert_refused_or_flagged(clinic, answers[:-1], "outside_opening_hours")
    assert_sound(database, clinic.desk)


def test_all_visits_of_a_patient_are_cancelled_at_once_without_waiting_in_a_circle(spaced: Clinic) -> None:
    days = ("2027-02-01", "2027-03-05", "2027-04-05", "2027-05-05", "2027-06-05")
    visits = [spaced.booked(at("10:00", day)) for day in days]

    answers = race(partial(spaced.act, "cancel", visit, reason_code="patient") for visit in visits)

    assert statuses(answers) == [200] * len(days)


def test_a_rule_a_hold_rule_and_bookings_at_once_leave_nothing_unflagged(
    spaced: Clinic, database: Database
) -> None:
    patients = spaced.patients(PATIENTS)
    (rule,) = spaced.desk.get("/spacing-rules").get_json()["items"]
    for number, patient_id in enumerate(patients):
        spaced.booked(minutes_after("09:00", 60 * number, "2027-02-01"), patient_id=patient_id)
    (aged,) = spaced.desk.get("/hold-rules", code="under_age").get_json()["items"]
    acts = [
        partial(spaced.book, minutes_after("09:00", 60 * number), patient_id=patient_id)
        for number, patient_id in enumerate(patients)
    ]
    acts.append(
        partial(spaced.desk.patch, f"/spacing-rules/{rule['id']}", {"min_days": 33, "recommended_days": 40})
    )
    acts.append(partial(spaced.desk.patch, f"/hold-rules/{aged['id']}", {"minimum_age": 21}))

    answers = race(acts)

    assert statuses(answers[-2:]) == [200, 200]
    assert_refused_or_flagged(spaced, answers[:-2], "spacing_min")
    assert_sound(database, spaced.desk)


def test_the_same_visits_together_twice_at_once_are_booked_once(
    clinic: Clinic, consulting: Made, database: Database
) -> None:
    here = {"location_id": clinic.location["id"]}
    visits = [
        here | {"procedure_id": consulting["id"], "starts_at": at("10:00", "2027-02-01")},
        here | {"procedure_id": clinic.procedure["id"], "starts_at": at("10:00")},
    ]
    body = {"patient_id": clinic.patient["id"], "visits": visits}

    answers = race([partial(clinic.desk.post, "/appointments/together", body)] * 4)

    assert statuses(answers) == [201, 409, 409, 409]
    assert len(clinic.desk.get("/appointments").get_json()["items"]) == 2
    assert_sound(database, clinic.desk)


def test_the_nightly_work_goes_on_beside_bookings_moves_and_cancellations(
    spaced: Clinic, database: Database
) -> None:
    patients = spaced.patients(PATIENTS)
    visits = [
        spaced.booked(minutes_after("09:00", 60 * number), patient_id=patient_id)
        for number, patient_id in enumerate(patients)
    ]
    now = instant("2027-02-01T03:00:00Z")
    acts = [
        *(
            partial(spaced.act, "reschedule", one, starts_at=minutes_after("09:00", 60 * n, "2027-03-02"))
            for n, one in enumerate(visits[:4])
        ),
        *(partial(spaced.act, "cancel", one, reason_code="patient") for one in visits[4:6]),
        *(
            partial(spaced.book, minutes_after("09:00", 60 * n, "2027-04-05"), patient_id=one)
            for n, one in enumerate(patients)
        ),
    ]
    with ThreadPoolExecutor(2) as pool:
        nights = [pool.submit(revalidate_clinic, database, spaced.desk.clinic_id, now) for _ in range(2)]
        answers = race(acts)

    assert statuses(answers) == [200] * 6 + [201] * PATIENTS
    assert [night.exception() for night in nights] == [None, None]
    assert_sound(database, spaced.desk)
