"""J9: a therapist's certificates end on 30 April, and limit the depth."""

from datetime import datetime

import pytest

from jobs.nightly import revalidate
from jobs.rounds import clinics
from models.database import Database
from tests.journeys.cast import changed, consulted, create_default_clinic, doing
from tests.support.cast import Clinic, Made, codes
from tests.support.copying import Copied, MakeClinic
from tests.support.visits import flagged, flags, shown_visit

UNTIL = {"valid_until": "2027-04-30"}
HELD = [{"code": "MN_SUP", "max_depth_mm": 0.5} | UNTIL, {"code": "BBP"} | UNTIL]
RENEWED = [{"code": "MN_SUP", "max_depth_mm": 0.5}, {"code": "BBP"}]
IN_MAY = "2027-05-05T10:00:00+01:00"
FIRST_NIGHT = datetime.fromisoformat("2027-05-01T03:00:00+01:00")


def certified(make_clinic: MakeClinic, qualifications: list[Made]) -> Clinic:
    """Give the clinic that offers MN_FACE_SUP, on 22 March, after the patient's consultation."""
    london = create_default_clinic(make_clinic, qualifications=qualifications)
    consulted(london, "2027-03-10T11:00:00Z")
    return doing(london.at("2027-03-22T09:00:00Z"), "MN_FACE_SUP")


@pytest.fixture
def ending(copied: Copied[Clinic]) -> Clinic:
    """Give the clinic whose therapist holds MN_SUP and BBP until 30 April."""
    return copied(_ending)


def _ending(make_clinic: MakeClinic) -> Clinic:
    return certified(make_clinic, HELD)


@pytest.mark.parametrize(
    ("starts_at", "found"),
    [
        ("2027-04-29T10:00:00+01:00", []),
        ("2027-04-30T10:00:00+01:00", []),
        ("2027-05-01T10:00:00+01:00", ["qualification_expires"]),
        (IN_MAY, ["qualification_expires"]),
    ],
)
def test_a_certificate_holds_to_the_end_of_its_last_day(
    ending: Clinic, starts_at: str, found: list[str]
) -> None:
    answer = ending.book(starts_at, therapist_id=ending.therapist["id"])

    told = answer.get_json().get("refusals", [])
    assert answer.status_code == (409 if found else 201)
    assert [(one["code"], one.get("overridable_by")) for one in told] == [(code, None) for code in found]


def test_without_a_name_the_pool_says_who_and_why(ending: Clinic) -> None:
    (found,) = ending.book(IN_MAY).get_json()["refusals"]

    assert found["code"] == "no_therapist_available"
    assert [(one["code"], one["resource_id"]) for one in found["because"]] == [
        ("qualification_expires", ending.therapist["id"])
    ]


def test_superficial_needling_does_not_qualify_for_the_standard_one(ending: Clinic) -> None:
    standard = doing(ending, "MN_FACE_STD")

    answer = standard.book("2027-04-16T10:00:00+01:00", therapist_id=ending.therapist["id"])

    assert codes(answer) == ["therapist_unqualified"]


@pytest.mark.parametrize(
    ("limit", "found"), [(1.0, ["depth_exceeded"]), (1.49, ["depth_exceeded"]), (1.5, [])]
)
def test_a_limit_of_depth_is_kept(make_clinic: MakeClinic, limit: float, found: list[str]) -> None:
    clinic = certified(make_clinic, [{"code": "MN_DERMAL", "max_depth_mm": limit}, {"code": "BBP"}])

    answer = doing(clinic, "MN_FACE_STD").book(
        "2027-04-16T10:00:00+01:00", therapist_id=clinic.therapist["id"]
    )

    assert (codes(answer) if answer.status_code == 409 else []) == found


def test_a_renewal_clears_what_a_shorter_certificate_had_flagged(make_clinic: MakeClinic) -> None:
    clinic = certified(make_clinic, RENEWED)
    path = f"/therapists/{clinic.therapist['id']}"
    visit = clinic.booked(IN_MAY)

    shortened = changed(clinic, path, qualifications=HELD)
    standing = flags(clinic, visit)
    renewed = changed(clinic.at("2027-04-20T09:00:00+01:00"), path, qualifications=RENEWED)

    assert (shortened["affected"], standing) == ([visit["id"]], [("qualification_expires", None)])
    assert (renewed["affected"], flagged(clinic)) == ([], [])


def test_after_the_night_of_the_first_of_may_all_visits_to_come_are_listed_and_kept(
    make_clinic: MakeClinic, database: Database
) -> None:
    clinic = certified(make_clinic, RENEWED)
    visits = [clinic.booked(IN_MAY), clinic.booked("2027-06-09T10:00:00+01:00")]
    last_day = clinic.booked("2027-04-20T10:00:00+01:00")
    changed(clinic, f"/therapists/{clinic.therapist['id']}", qualifications=HELD)

    revalidate(database, clinics(database), FIRST_NIGHT)

    after = clinic.at("2027-05-01T09:00:00+01:00")
    assert flagged(after, therapist_id=clinic.therapist["id"]) == [visit["id"] for visit in visits]
    assert [shown_visit(after, visit)["status"] for visit in visits] == ["booked", "booked"]
    assert [flags(after, visit) for visit in visits] == [[("therapist_unqualified", None)]] * 2
    assert flags(after, last_day) == []
