"""Anonymising takes away for good who a patient is; an export gives everything that is held about them."""

import json
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text, update

from api.state import state_of
from booking.catalogue.patient_retention import forget_patients
from booking.core.caller import Caller
from models import Base, Patient
from models.database import Database
from tests.support.cast import (
    Clinic,
    another_patient,
    create_course,
    create_key,
    instant,
    performed,
    pointers,
)
from tests.support.racing import outcomes, race

# Each of these stands in one place only, so that the place that keeps it is found.
PERSON = {
    "name": "Zoraida Quill",
    "email": "zq@example.org",
    "phone": "+442071838750",
    "born_on": "1987-06-05",
}
WORDS = ("zoraida", "quill", "zq@example.org", "2071838750", "1987-06-05", "xid-77", "notewords",
         "cancelwords", "overridewords", "signwords", "undowords")  # fmt: skip
ASKED = {"reason": "Asked for it in writing"}


def named(clinic: Clinic) -> Clinic:
    """Create a patient and their visits, with words that tell who it is wherever words can stand."""
    made = clinic.desk.post(
        "/patients", PERSON | {"external_id": "xid-77"}, **{"Idempotency-Key": "the patient"}
    ).get_json()
    mine = Clinic(**{**vars_of(clinic), "patient": made})
    performed(mine, "01", notes="notewords")
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"policy": {"grid_minutes": 30}})
    override = {"codes": ["off_grid"], "reason": "overridewords"}
    visit = mine.booked("2027-03-10T10:10:00Z", override=override)
    visit = mine.acted("undo", mine.acted("confirm", visit), reason="undowords")
    mine.acted("cancel", visit, reason_code="patient", note="cancelwords")
    path = f"/patients/{made['id']}"
    clinic.desk.made(f"{path}/treatments", event="waxing", on="2026-01-04")
    hold = clinic.desk.made(f"{path}/medical-holds", code="anticoagulant", opened_on="2026-01-04")
    signed = clinic.desk.post(f"{path}/medical-holds/{hold['id']}/sign-off", {"reason": "signwords"})
    assert signed.status_code == 200, signed.text
    create_course(mine)
    clinic.desk.made("/waitlist", **{k: v for k, v in mine.wish("").items() if k.endswith("_id")})
    clinic.desk.made("/calendar-feeds", patient_id=made["id"], detail="initials")
    return mine


def vars_of(clinic: Clinic) -> dict[str, Any]:
    """Give a clinic's members."""
    return {name: getattr(clinic, name) for name in clinic.__dataclass_fields__}


def anonymise(clinic: Clinic, **headers: str) -> Any:
    """Anonymise the clinic's patient."""
    return clinic.desk.post(f"/patients/{clinic.patient['id']}/anonymise", ASKED, **headers)


def told(database: Database, clinic: Clinic) -> dict[str, list[str]]:
    """Find the words that tell who it is in every row of every table of the clinic."""
    found = {}
    with database.transaction(clinic.desk.clinic_id) as session:
        for table in Base.metadata.sorted_tables:
            rows = session.scalar(text(f"SELECT lower(jsonb_agg(to_jsonb(t))::text) FROM {table.name} t"))  # noqa: S608 - ours
            words = [word for word in WORDS if word in str(rows)]
            if words:
                found[table.name] = words
    return found


def test_no_row_of_any_table_tells_who_an_anonymised_patient_was(clinic: Clinic, database: Database) -> None:
    mine = named(clinic)
    before = told(database, mine)

    answer = anonymise(mine)

    shown = answer.get_json()
    assert {"patients", "appointments", "medical_holds"} <= before.keys()
    assert sorted({word for words in before.values() for word in words}) == sorted(WORDS)
    assert told(database, mine) == {}
    assert (answer.status_code, shown["name"], shown["email"], shown["born_on"]) == (
        200, "Anonymised", None, None
    )  # fmt: skip
    assert shown["anonymised_at"] is not None


def test_the_dates_that_prove_spacing_and_who_did_what_stay(clinic: Clinic) -> None:
    mine = named(clinic)
    before = clinic.desk.get(f"/patients/{mine.patient['id']}/export").get_json()
    anonymise(mine, **{"X-Actor": "Grace"})
    after = clinic.desk.get(f"/patients/{mine.patient['id']}/export").get_json()

    dates = [
        [(one["starts_at"], one["performed_on"], one["status"]) for one in export["appointments"]]
        for export in (before, after)
    ]
    assert dates[0] == dates[1]
    assert [one["on"] for one in after["treatments"]] == ["2026-01-04"]
    first, *_ = after["audit"]
    assert (first["action"], first["actor"], first["changes"]) == ("patient.anonymised", "Grace", ASKED)
    acts = [{one["action"] for one in export["audit"]} for export in (before, after)]
    assert acts[0] - {"calendar_feed.created"} <= acts[1]
    assert [one["status"] for one in (*after["courses"], *after["waitlist"])] == ["cancelled", "expired"]


def test_nobody_finds_calls_or_books_for_an_anonymised_patient(clinic: Clinic) -> None:
    mine = named(clinic)
    anonymise(mine)
    patient = {"patient_id": mine.patient["id"]}
    wish = mine.wish("2027-04-20T10:00:00Z")
    booked = [
        clinic.desk.post("/appointments", wish),
        clinic.desk.post("/holds", wish),
        clinic.desk.post("/courses", patient | {"procedure_id": clinic.procedure["id"], "sessions": 2}),
        clinic.desk.post("/waitlist", {k: v for k, v in wish.items() if k.endswith("_id")}),
        clinic.desk.post(
            f"/patients/{mine.patient['id']}/treatments", {"event": "waxing", "on": "2026-01-04"}
        ),
        clinic.desk.post("/calendar-feeds", patient | {"detail": "initials"}),
        clinic.desk.patch(f"/patients/{mine.patient['id']}", {"name": "Zoraida"}),
        clinic.desk.post(f"/patients/{mine.patient['id']}/merge", {"into_id": clinic.patient["id"]}),
        clinic.desk.post(f"/patients/{clinic.patient['id']}/merge", {"into_id": mine.patient["id"]}),
    ]

    assert outcomes(booked) == {(410, "anonymised"): len(booked)}
    for question in ({"q": "quill"}, {"phone": PERSON["phone"]}, {"external_id": "xid-77"}, {}):
        found = clinic.desk.get("/patients", **question).get_json()["items"]
        assert mine.patient["id"] not in {one["id"] for one in found}
    assert clinic.desk.get("/recalls", due_by="2028-12-31").get_json()["items"] == []
    assert another_patient(clinic, **PERSON).patient["possible_duplicates"] == []
    assert clinic.desk.get(f"/patients/{mine.patient['id']}").get_json()["name"] == "Anonymised"


def test_an_answer_that_was_kept_for_a_repetition_tells_nobody_any_more(clinic: Clinic) -> None:
    mine = named(clinic)
    key = {"Idempotency-Key": "the patient"}
    body = PERSON | {"external_id": "xid-77"}
    first = clinic.desk.post("/patients", body, **key).get_json()
    anonymise(mine)

    assert first["name"] == PERSON["name"]
    assert clinic.desk.post("/patients", body, **key).get_json()["code"] == "idempotency_shown_once"


def test_what_was_merged_into_the_patient_goes_with_them(clinic: Clinic, database: Database) -> None:
    mine = named(clinic)
    stays = another_patient(clinic, name="Stays")
    clinic.desk.post(f"/patients/{mine.patient['id']}/merge", {"into_id": stays.patient["id"]})

    gone = anonymise(mine)
    kept = anonymise(stays)

    assert (gone.status_code, gone.get_json()["merged_into"]) == (410, stays.patient["id"])
    assert kept.status_code == 200
    assert told(database, mine) == {}


def test_a_patient_with_visits_to_come_stays(clinic: Clinic) -> None:
    visit = clinic.booked("2027-03-10T10:00:00Z")
    refused = anonymise(clinic)
    clinic.acted("cancel", visit, reason_code="patient")

    assert (refused.status_code, refused.get_json()["code"]) == (409, "has_visits")
    assert refused.get_json()["appointment_ids"] == [visit["id"]]
    assert anonymise(clinic).status_code == 200


def test_anonymising_again_changes_nothing_and_a_stale_version_is_refused(clinic: Clinic) -> None:
    stale = anonymise(clinic, **{"If-Match": '"7"'})
    first = anonymise(clinic).get_json()

    assert stale.status_code == 412
    assert anonymise(clinic).get_json() == first
    assert pointers(clinic.desk.post(f"/patients/{clinic.patient['id']}/anonymise", {})) == ["/reason"]


@pytest.mark.parametrize(("method", "act"), [("POST", "anonymise"), ("GET", "export")])
def test_only_administrators_of_every_location_export_and_anonymise(
    clinic: Clinic, make_clinic: Any, method: str, act: str
) -> None:
    path = f"/patients/{clinic.patient['id']}/{act}"
    sent = {"json": ASKED} if method == "POST" else {}
    limited = create_key(clinic.desk, "admin", location_ids=[clinic.location["id"]])
    others = [create_key(clinic.desk, "patients:write", "appointments:write"), limited, make_clinic()]
    codes = [one.request(method, path, **sent).get_json()["code"] for one in others]

    assert codes == ["missing_scope", "other_locations", "not_found"]


def test_an_export_holds_everything_and_is_audited(clinic: Clinic) -> None:
    mine = named(clinic)
    answer = clinic.desk.get(f"/patients/{mine.patient['id']}/export")
    state_of(clinic.desk.app).notes.flush()
    noted = clinic.desk.get("/audit", patient_id=mine.patient["id"], action="patient.exported").get_json()

    held = json.dumps(answer.get_json()).lower()
    assert [word for word in WORDS if word not in held and word != "undowords"] == []
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert all(answer.get_json()[name] for name in ("courses", "waitlist", "calendar_feeds", "medical_holds"))
    assert len(noted["items"]) == 1


def test_a_booking_and_an_anonymising_at_once_leave_no_visit_of_nobody(clinic: Clinic) -> None:
    patients = [another_patient(clinic) for _ in range(4)]

    for number, one in enumerate(patients):
        booked, gone = race(
            [
                partial(one.desk.post, "/appointments", one.wish(f"2027-03-1{number}T10:00:00Z")),
                partial(anonymise, one),
            ]
        )
        assert (booked.status_code, gone.status_code) in {(201, 409), (410, 200)}


def test_patients_of_whom_nothing_was_heard_for_long_are_anonymised_by_night(
    clinic: Clinic, database: Database
) -> None:
    old, recent, waiting = (another_patient(clinic) for _ in range(3))
    waiting.booked("2027-03-10T10:00:00Z")
    with database.transaction(clinic.desk.clinic_id) as session:
        ids = [old.patient["id"], waiting.patient["id"]]
        long_ago = instant("2020-01-01T00:00:00Z")
        session.execute(update(Patient).where(Patient.id.in_(ids)).values(updated_at=long_ago))

    def night() -> int:
        with database.transaction(clinic.desk.clinic_id) as session:
            return forget_patients(Caller(session, clinic.desk.clinic_id, instant("2027-01-05T03:00:00Z")))

    by_default = night()
    clinic.desk.patch("/clinic", {"retention": {"patients_days": 3650}})
    too_soon = night()
    kept = clinic.desk.patch("/clinic", {"retention": {"patients_days": 730}}).get_json()["retention"]

    assert (by_default, too_soon, night(), night()) == (0, 0, 1, 0)
    assert kept == {"reads_days": 365, "messages_days": 30, "patients_days": 730}
    shown = [clinic.desk.get(f"/patients/{one.patient['id']}").get_json() for one in (old, recent, waiting)]
    assert [one["anonymised_at"] is None for one in shown] == [False, True, True]
