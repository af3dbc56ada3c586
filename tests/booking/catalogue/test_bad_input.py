"""A malformed request gets a 422 that names the field, and writes nothing."""

from typing import Any

import pytest

from tests.support import samples
from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast
from tests.support.refusals import refused_pointers
from tests.support.special_hours import periods

HOURS = {"weekday": "mon", "opens": "09:00", "closes": "12:00"}
TUESDAYS = HOURS | {"weekday": "tue"}
WORK = {"weekday": "mon", "starts": "09:00", "ends": "12:00"}

LOCATIONS = [
    ({"timezone": "Mars/Olympus"}, "/timezone"),
    ({"timezone": "BST"}, "/timezone"),
    ({"name": " "}, "/name"),
    ({"name": "a\u0007b"}, "/name"),
    ({"country": "GBR"}, "/country"),
    ({"country": "gb"}, "/country"),
    ({"observes_public_holidays": True}, "/country"),
    ({"observes_public_holidays": True, "subdivision": "ENG"}, "/country"),
    ({"observes_public_holidays": True, "country": "ZZ"}, "/country"),
    ({"observes_public_holidays": True, "country": "ZZ", "subdivision": "ENG"}, "/country"),
    ({"observes_public_holidays": True, "country": "GB", "subdivision": "NY"}, "/subdivision"),
    ({"observes_public_holidays": True, "country": "GB", "subdivision": "GB-ENG"}, "/subdivision"),
    ({"observes_public_holidays": True, "country": "GB", "subdivision": "eng"}, "/subdivision"),
    ({"address": ""}, "/address"),
    ({"phone": "call us"}, "/phone"),
    ({"phone": "020 7946 0000"}, "/phone"),
    ({"phone": "020 7946 0000", "country": "FR"}, "/phone"),
    ({"email": "soho"}, "/email"),
    ({"policy": {"grid_minutes": 7}}, "/policy/grid_minutes"),
    ({"policy": {"horizon_days": -1}}, "/policy/horizon_days"),
    ({"policy": {"offer": "some"}}, "/policy/offer"),
    ({"policy": {"colour": 1}}, "/policy/colour"),
    ({"opening_hours": [HOURS | {"weekday": "monday"}]}, "/opening_hours/0/weekday"),
    ({"opening_hours": [HOURS | {"opens": "9:00"}]}, "/opening_hours/0/opens"),
    ({"opening_hours": [HOURS | {"opens": "09:03"}]}, "/opening_hours/0/opens"),
    ({"opening_hours": [HOURS | {"closes": "09:00"}]}, "/opening_hours/0/closes"),
    ({"opening_hours": [HOURS | {"closes": "24:05"}]}, "/opening_hours/0/closes"),
    ({"opening_hours": [HOURS, HOURS | {"opens": "11:55"}]}, "/opening_hours/1"),
    (
        {"opening_hours": [HOURS | {"valid_from": "2027-02-01", "valid_until": "2027-01-31"}]},
        "/opening_hours/0/valid_until",
    ),
    # From Tuesday to Sunday there is no Monday.
    (
        {"opening_hours": [TUESDAYS, HOURS | {"valid_from": "2027-02-02", "valid_until": "2027-02-07"}]},
        "/opening_hours/1/weekday",
    ),
]
CLOSURES = [
    ({"ends_at": "2027-12-24T12:00:00Z"}, "/ends_at"),
    ({"starts_at": "2027-12-24T12:00:00"}, "/starts_at"),
    ({"reason": ""}, "/reason"),
]
SPECIAL_HOURS = [
    ({"on": "2027-02-29"}, "/on"),
    ({"on": "2027-03-01T00:00:00Z"}, "/on"),
    ({"on": None}, "/on"),
    ({"periods": None}, "/periods"),
    ({"periods": {}}, "/periods"),
    ({"periods": periods("10:00-14:00", "14:00-10:00")}, "/periods/1/closes"),
    ({"periods": periods("10:00-10:00")}, "/periods/0/closes"),
    ({"periods": periods("10:03-14:00")}, "/periods/0/opens"),
    ({"periods": periods("10:00-14:01")}, "/periods/0/closes"),
    ({"periods": periods("10:00-24:05")}, "/periods/0/closes"),
    ({"periods": periods("24:00-24:00")}, "/periods/0/opens"),
    ({"periods": periods("10:00-14:00", "13:55-15:00")}, "/periods/1"),
    ({"periods": periods("13:00-15:00", "10:00-13:05")}, "/periods/1"),
    ({"periods": periods("10:00-14:00", "10:00-14:00")}, "/periods/1"),
    ({"periods": [{"opens": "10:00"}]}, "/periods/0/closes"),
    ({"periods": [{"starts": "10:00", "closes": "11:00"}]}, "/periods/0/opens"),
    ({"reason": "Fair"}, "/reason"),
]
ROOMS = [
    ({"capacity": 0}, "/capacity"),
    ({"capacity": 101}, "/capacity"),
    ({"capacity": "2"}, "/capacity"),
    ({"capacity": True}, "/capacity"),
    ({"kind": None}, "/kind"),
    ({"location_id": "here"}, "/location_id"),
]
THERAPISTS = [
    ({"treats": "yes"}, "/treats"),
    ({"qualifications": [{"code": "BBP", "max_depth_mm": -1}]}, "/qualifications/0/max_depth_mm"),
    ({"qualifications": [{"code": "BBP", "max_depth_mm": "1"}]}, "/qualifications/0/max_depth_mm"),
    (
        {"qualifications": [{"code": "BBP", "max_depth_mm": {"NOSE": 1}}]},
        "/qualifications/0/max_depth_mm/NOSE",
    ),
    (
        {"qualifications": [{"code": "BBP", "max_depth_mm": {"FACE": "1"}}]},
        "/qualifications/0/max_depth_mm/FACE",
    ),
    ({"qualifications": [{"code": ""}]}, "/qualifications/0/code"),
    ({"qualifications": [{}]}, "/qualifications/0/code"),
    (
        {"qualifications": [{"code": "BBP", "valid_from": "2027-02-01", "valid_until": "2027-01-01"}]},
        "/qualifications/0/valid_until",
    ),
]
BLOCKS = [
    ({"starts_at": "2027-03-01T12:01:00Z"}, "/starts_at"),
    ({"ends_at": "2027-03-01T12:00:00Z"}, "/ends_at"),
    ({"ends_at": "2028-04-05T13:00:00Z"}, "/ends_at"),
    ({"repeats": {"weekdays": ["mon"], "until": "2027-02-28"}}, "/repeats/until"),
    ({"repeats": {"weekdays": ["mon"], "until": "2029-03-02"}}, "/repeats/until"),
    ({"repeats": {"weekdays": ["mon", "mon"], "until": "2027-04-01"}}, "/repeats/weekdays"),
    ({"repeats": {"until": "2027-04-01"}}, "/repeats/weekdays"),
    ({"repeats": {"weekdays": [], "until": "2027-04-01"}}, "/repeats/weekdays"),
    ({"repeats": {"weekdays": ["sun"], "until": "2027-03-06"}}, "/repeats/weekdays"),
    ({"repeats": {"weekdays": ["sat", "sun"], "until": "2027-03-05"}}, "/repeats/weekdays"),
]
PROCEDURES = [
    ({"phases": []}, "/phases"),
    ({"phases": [samples.phase(kind="numbing")]}, "/phases"),
    ({"phases": [samples.phase(patient=False)]}, "/phases"),
    ({"phases": [samples.phase()] * 31}, "/phases"),
    ({"phases": [samples.phase(minutes=600), samples.phase(minutes=125)]}, "/phases"),
    ({"phases": [samples.phase(minutes=0)]}, "/phases/0/minutes"),
    ({"phases": [samples.phase(minutes=-5)]}, "/phases/0/minutes"),
    ({"phases": [samples.phase(minutes=21)]}, "/phases/0/minutes"),
    ({"phases": [samples.phase(), samples.phase(min_minutes=25)]}, "/phases/1/min_minutes"),
    ({"phases": [samples.phase(max_minutes=15)]}, "/phases/0/max_minutes"),
    ({"phases": [samples.phase(at_minute=-5)]}, "/phases/0/at_minute"),
    ({"phases": [samples.phase(at_minute=3)]}, "/phases/0/at_minute"),
    ({"phases": [samples.phase(kind="surgery")]}, "/phases/0/kind"),
    ({"phases": [samples.phase(room_kinds=["a", "a"])]}, "/phases/0/room_kinds"),
    ({"areas": ["NOSE"]}, "/areas/0"),
    ({"depth_mm": 0.125}, "/depth_mm"),
    ({"depth_mm": "NaN"}, "/depth_mm"),
    ({"counts_as": "massage"}, "/counts_as"),
    ({"prerequisites": [{"min_hours_before": 24}]}, "/prerequisites/0/family"),
]
SPACING_RULES = [
    ({"floor_days": 29}, "/min_days"),
    ({"recommended_days": 27}, "/recommended_days"),
    ({"recommended_days": 35, "overdue_days": 34}, "/overdue_days"),
    ({"overdue_days": 27}, "/overdue_days"),
    ({"floor_days": -1}, "/floor_days"),
    ({"override_by": "nobody"}, "/override_by"),
    ({"after": {}}, "/after"),
    ({"after": {"family": "MN", "event": "waxing"}}, "/after"),
    ({"before": {"event": "massage"}}, "/before/event"),
    ({"before": {"family": "MN", "areas": ["NOSE"]}}, "/before/areas/0"),
    ({"scope": "clinic"}, "/scope"),
]
PATIENTS = [
    ({"name": None}, "/name"),
    ({"email": "berta"}, "/email"),
    ({"email": "berta@nowhere"}, "/email"),
    ({"phone": "020 7946 0000"}, "/phone"),
    ({"phone": "+4412"}, "/phone"),
    ({"phone": "+999123456789"}, "/phone"),
    ({"born_on": "2027-01-05"}, "/born_on"),
    ({"born_on": "1990-02-30"}, "/born_on"),
]


@pytest.mark.parametrize(("fields", "pointer"), LOCATIONS)
def test_a_malformed_location_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, "/locations", samples.location(**fields)) == [pointer]


@pytest.mark.parametrize(("fields", "pointer"), CLOSURES)
def test_a_malformed_closure_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    path = f"/locations/{cast.location['id']}/closures"

    assert refused_pointers(cast, path, samples.closure(**fields)) == [pointer]


@pytest.mark.parametrize(("fields", "pointer"), SPECIAL_HOURS)
def test_malformed_special_hours_are_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    here = f"/locations/{cast.location['id']}/special-hours"
    of_therapist = f"/therapists/{cast.therapist['id']}/special-hours"
    body = samples.special_hours() | fields
    kept = cast.desk.made(here, **samples.special_hours(on="2027-03-02"))

    assert pointer in refused_pointers(cast, here, body)
    assert pointer in refused_pointers(cast, of_therapist, body | {"location_id": cast.location["id"]})
    assert pointer in pointers(cast.desk.patch(f"{here}/{kept['id']}", fields))
    assert cast.desk.get(f"{here}/{kept['id']}").get_json()["version"] == 1


@pytest.mark.parametrize(("fields", "pointer"), ROOMS)
def test_a_malformed_room_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, "/rooms", samples.room(cast.location["id"]) | fields) == [pointer]


@pytest.mark.parametrize(("fields", "pointer"), THERAPISTS)
def test_a_malformed_therapist_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, "/therapists", samples.therapist(cast.location["id"], **fields)) == [
        pointer
    ]


def test_working_hours_at_one_location_do_not_overlap(cast: Cast) -> None:
    here = WORK | {"location_id": cast.location["id"]}
    hours = [here, here | {"starts": "11:00", "ends": "13:00"}]
    body = samples.therapist(cast.location["id"], working_hours=hours)

    assert refused_pointers(cast, "/therapists", body) == ["/working_hours/1"]


@pytest.mark.parametrize(("last", "status"), [("2027-02-07", 422), ("2027-02-08", 201), ("2027-02-09", 201)])
def test_working_hours_have_their_weekday_among_their_dates(cast: Cast, last: str, status: int) -> None:
    monday = WORK | {"location_id": cast.location["id"], "valid_from": "2027-02-02", "valid_until": last}
    body = samples.therapist(cast.location["id"], working_hours=[monday])

    answer = cast.desk.post("/therapists", body)

    assert answer.status_code == status
    assert status == 201 or pointers(answer) == ["/working_hours/0/weekday"]


@pytest.mark.parametrize(("fields", "pointer"), BLOCKS)
def test_a_malformed_block_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, "/blocks", samples.block(cast.room["id"], **fields)) == [pointer]


@pytest.mark.parametrize(("fields", "pointer"), PROCEDURES)
def test_a_malformed_procedure_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, "/procedures", samples.procedure(code="NEW") | fields) == [pointer]


@pytest.mark.parametrize(("fields", "pointer"), SPACING_RULES)
def test_a_malformed_spacing_rule_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, "/spacing-rules", samples.spacing_rule(**fields)) == [pointer]


@pytest.mark.parametrize("missing", [{"floor_days", "min_days"}, {"min_days"}, {"floor_days"}])
def test_a_spacing_rule_without_its_numbers_is_refused(cast: Cast, missing: set[str]) -> None:
    body = {name: value for name, value in samples.spacing_rule().items() if name not in missing}

    assert sorted(refused_pointers(cast, "/spacing-rules", body)) == sorted(f"/{name}" for name in missing)


@pytest.mark.parametrize(("fields", "pointer"), PATIENTS)
def test_a_malformed_patient_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    assert refused_pointers(cast, "/patients", samples.patient(**fields)) == [pointer]


def test_no_refusal_of_a_patient_repeats_what_was_sent(cast: Cast) -> None:
    body = samples.patient(email="secret-address", phone="secret-number")
    answer = cast.desk.post("/patients", body)

    assert sorted(pointers(answer)) == ["/email", "/phone"]
    assert "secret" not in answer.text
