"""Releasing a medical hold needs the level of its rule, and so does a sign-off."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from booking.core.locks import lock, lock_catalogue
from models.database import Database
from tests.support import samples
from tests.support.callers import caller_in
from tests.support.catalogue_cast import NOW, Cast, Rows
from tests.support.desk import Desk
from tests.support.racing import race, statuses

RELEASES: list[dict[str, Any]] = [
    {"resolved_on": "2027-01-04"},
    {"resolved_on": None},
    {"earliest_on": "2027-01-05"},
    {"earliest_on": None},
    {"areas": ["FACE"]},
    {"areas": ["NECK", "PERIORBITAL"]},
]
KEEPS: list[dict[str, Any]] = [
    {"areas": []},
    {"areas": ["NECK", "FACE", "SCALP"]},
    {"areas": ["FACE", "NECK"]},
    {"resolved_on": "2027-01-03"},
    {"earliest_on": "2027-02-01"},
]
REASON = "Seen by Dr. Dunn:\nhealed."


@dataclass(frozen=True)
class Held:
    """A patient's medical hold, and desks with keys of each override level."""

    cast: Cast
    path: str
    with_level: Callable[[str], Desk]

    def get(self) -> dict[str, Any]:
        """Read the hold with the administrator's key."""
        found: dict[str, Any] = self.cast.desk.get(self.path).get_json()
        return found


@pytest.fixture
def hold(cast: Cast, desk_with: Callable[..., Desk]) -> Callable[..., Held]:
    """Give a function that opens medical holds."""

    def make(**fields: Any) -> Held:
        path = f"/patients/{cast.patient['id']}/medical-holds"
        made = cast.desk.made(path, **samples.medical_hold(**fields))
        levels = {level: desk_with(cast, "patients:write", f"override:{level}") for level in LEVELS}
        return Held(cast, f"{path}/{made['id']}", levels.__getitem__)

    return make


LEVELS = ("desk", "therapist", "clinician", "dermatologist")
DATED = {"resolved_on": "2027-01-03", "earliest_on": "2027-02-01", "areas": ["FACE", "NECK"]}


def needs(answer: Any, level: str) -> bool:
    """Tell whether the answer is the 403 that names the level."""
    told = answer.get_json()
    return (answer.status_code, told["code"], told["detail"]) == (
        403,
        "missing_scope",
        f"Releasing this hold needs the scope override:{level}.",
    )


@pytest.mark.parametrize("change", RELEASES)
def test_a_change_that_may_release_needs_the_level(hold: Callable[..., Held], change: dict[str, Any]) -> None:
    held = hold(**DATED)

    assert needs(held.with_level("therapist").patch(held.path, change), "clinician")
    assert held.get()["version"] == 1
    assert held.with_level("clinician").patch(held.path, change).status_code == 200


@pytest.mark.parametrize("change", KEEPS)
def test_a_change_that_releases_nothing_needs_no_level(
    hold: Callable[..., Held], change: dict[str, Any]
) -> None:
    held = hold(**DATED)

    assert held.with_level("desk").patch(held.path, change).status_code == 200


@pytest.mark.parametrize(
    ("before", "after", "narrower"),
    [
        ([], ["FACE"], True),
        (["PERIORBITAL"], ["FACE"], False),
        (["FACE"], ["PERIORBITAL"], True),
        (["NECK"], ["SCALP"], True),
        (["NECK", "SCALP"], ["SCALP", "NECK"], False),
    ],
)
def test_areas_are_narrower_when_some_part_of_the_body_is_free(
    hold: Callable[..., Held], before: list[str], after: list[str], narrower: bool
) -> None:
    held = hold(areas=before)
    answer = held.with_level("desk").patch(held.path, {"areas": after})

    assert answer.status_code == (403 if narrower else 200)


@pytest.mark.parametrize(
    ("code", "level", "status"),
    [
        ("infection", "therapist", 403),
        ("infection", "clinician", 204),
        ("infection", "dermatologist", 204),
        ("keloid_tendency", "clinician", 403),
        ("keloid_tendency", "dermatologist", 204),
    ],
)
def test_deleting_needs_the_level_of_the_holds_rule(
    hold: Callable[..., Held], code: str, level: str, status: int
) -> None:
    held = hold(code=code)

    assert held.with_level(level).delete(held.path).status_code == status


def test_anybody_who_writes_patients_opens_a_hold(cast: Cast, desk_with: Callable[..., Desk]) -> None:
    path = f"/patients/{cast.patient['id']}/medical-holds"
    body = samples.medical_hold(code="keloid_tendency", resolved_on="2027-01-03")

    assert desk_with(cast, "patients:write").post(path, body).status_code == 201
    assert desk_with(cast, "patients:read").post(path, body).status_code == 403


def test_a_sign_off_says_when_by_whom_and_why(hold: Callable[..., Held]) -> None:
    held = hold()
    answer = (
        held.with_level("clinician")
        .at(NOW)
        .post(f"{held.path}/sign-off", {"reason": f"  {REASON}\n"}, **{"X-Actor": "Dr. Dunn"})
    )
    signed = answer.get_json()["signed_off"]

    assert (answer.status_code, answer.get_json()["affected"]) == (200, [])
    assert answer.headers["ETag"] == '"2"'
    assert (signed["at"], signed["actor"], signed["reason"]) == (
        "2027-01-04T08:00:00+00:00",
        "Dr. Dunn",
        REASON,
    )
    assert UUID(signed["key_id"])
    assert held.get()["signed_off"] == signed


def test_a_sign_off_needs_the_level(hold: Callable[..., Held]) -> None:
    held = hold(code="hyperpigmentation")
    answer = held.with_level("clinician").post(f"{held.path}/sign-off", {"reason": REASON})

    assert needs(answer, "dermatologist")
    assert held.get()["signed_off"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"reason": " \n"}, "/reason"),
        ({"reason": "x" * 1001}, "/reason"),
        ({"reason": "a\u0007b"}, "/reason"),
        ({"reason": REASON, "version": 0}, "/version"),
        ({"reason": REASON, "colour": "red"}, "/colour"),
    ],
)
def test_a_malformed_sign_off_is_refused(
    hold: Callable[..., Held], body: dict[str, Any], pointer: str
) -> None:
    held = hold()
    answer = held.cast.desk.post(f"{held.path}/sign-off", body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    assert held.get()["signed_off"] is None


@pytest.mark.parametrize("first", ["resolved", "signed off"])
def test_only_an_open_hold_is_signed_off(hold: Callable[..., Held], first: str) -> None:
    held = hold(**({"resolved_on": "2027-01-03"} if first == "resolved" else {}))
    if first == "signed off":
        held.cast.desk.post(f"{held.path}/sign-off", {"reason": REASON})
    answer = held.cast.desk.post(f"{held.path}/sign-off", {"reason": "Again"}).get_json()

    assert (answer["status"], answer["code"], answer["allowed"]) == (409, "wrong_status", ["open"])
    assert first in answer["detail"]


def test_a_sign_off_of_a_stale_version_is_refused(hold: Callable[..., Held]) -> None:
    held = hold()
    held.cast.desk.patch(held.path, {"areas": []})
    body = {"reason": REASON}

    assert held.cast.desk.post(f"{held.path}/sign-off", body, **{"If-Match": '"1"'}).status_code == 412
    assert held.cast.desk.post(f"{held.path}/sign-off", body | {"version": 1}).status_code == 412
    assert held.cast.desk.post(f"{held.path}/sign-off", body | {"version": 2}).status_code == 200


def test_the_reason_of_a_sign_off_stays_with_the_hold_and_the_audit_log(
    hold: Callable[..., Held], rows: Rows
) -> None:
    held = hold()
    held.cast.desk.post(f"{held.path}/sign-off", {"reason": REASON})
    again = held.cast.desk.post(f"{held.path}/sign-off", {"reason": REASON})
    entries = rows(held.cast.desk, "SELECT changes FROM audit_log WHERE action = 'medical_hold.signed_off'")

    assert entries == [({"fields": ["signed_off"], "reason": REASON},)]
    assert (again.status_code, "Dunn" in again.text) == (409, False)
    assert "Dunn" not in str(rows(held.cast.desk, "SELECT data FROM events"))


def test_of_two_sign_offs_at_once_one_counts(hold: Callable[..., Held]) -> None:
    held = hold()
    answers = race(
        [lambda: held.cast.desk.post(f"{held.path}/sign-off", {"reason": REASON}) for _ in range(2)]
    )

    assert statuses(answers) == [200, 409]
    assert held.get()["version"] == 2


@pytest.mark.parametrize("taken", ["the catalogue", "the patient"])
@pytest.mark.parametrize("what", ["hold", "treatment", "sign-off", "patient"])
def test_what_is_known_of_a_patient_waits_for_the_catalogue_and_the_patient(
    hold: Callable[..., Held], database: Database, what: str, taken: str
) -> None:
    held = hold()
    desk, patient = held.cast.desk, f"/patients/{held.cast.patient['id']}"
    acts: dict[str, tuple[Callable[[], Any], int]] = {
        "hold": (lambda: desk.post(f"{patient}/medical-holds", samples.medical_hold()), 201),
        "treatment": (lambda: desk.post(f"{patient}/treatments", samples.treatment()), 201),
        "sign-off": (lambda: desk.post(f"{held.path}/sign-off", {"reason": REASON}), 200),
        "patient": (lambda: desk.patch(patient, {"born_on": "1990-01-01"}), 200),
    }
    act, status = acts[what]
    subject = desk.clinic_id if taken == "the catalogue" else UUID(held.cast.patient["id"])
    with ThreadPoolExecutor(1) as pool, database.transaction(desk.clinic_id) as session:
        lock(session, resources=[subject])
        answer = pool.submit(act)
        waiting = bool(wait([answer], 0.3).not_done)

    assert (waiting, answer.result().status_code) == (True, status)


def test_what_is_known_of_a_patient_is_written_beside_bookings(cast: Cast, database: Database) -> None:
    with database.transaction(cast.desk.clinic_id) as session:
        lock_catalogue(caller_in(session, cast.desk.clinic_id))
        answer = cast.desk.post(f"/patients/{cast.patient['id']}/treatments", samples.treatment())

    assert answer.status_code == 201
