"""With a booking token patients book, see and change their own visits, by their own rules, and no others."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from models import Appointment, BookingCode, BookingToken, Patient
from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    add_two_pairs,
    create_procedure,
    create_rule,
    rows,
    short_phases,
)
from tests.support.online import Visitor, visitor_of
from tests.support.racing import assert_sound, race, statuses

TEN = "2027-03-01T10:00:00+00:00"
ELEVEN = "2027-03-01T11:00:00+00:00"
DAY = {"from_": "2027-03-01", "until": "2027-03-02"}
ADA = {"email": "ada@example.org"}
GRACE = {"name": "Grace Hopper", "born_on": "1990-05-01"}
OWN = {
    "id", "version", "status", "location_id", "procedure_id", "patient_id", "therapist_id", "areas",
    "starts_at", "procedure_at", "ends_at", "created_at", "updated_at",
}  # fmt: skip


@pytest.fixture
def visitor(clinic: Clinic) -> Visitor:
    """Give a visitor who has proved to be the clinic's patient."""
    clinic.desk.patch(f"/patients/{clinic.patient['id']}", {**ADA, "name": "Ada Lovelace"})
    return visitor_of(clinic).verified(**ADA)[0]


def booked(visitor: Visitor, clinic: Clinic, at: str = TEN, **fields: Any) -> Made:
    """Book a visit from the widget."""
    answer = visitor.post("/appointments", clinic.wish(at, **fields))
    assert answer.status_code == 201, answer.text
    made: Made = answer.get_json()
    return made


def asked(clinic: Clinic, patient_id: str | None = None) -> Made:
    """Name a visit of the patient, by default the clinic's own, as a question does."""
    named = {"procedure_id": clinic.procedure["id"], "location_id": clinic.location["id"]}
    return named | {"patient_id": patient_id or clinic.patient["id"]}


def wish_of(person: Made, clinic: Clinic, at: str = TEN) -> Made:
    """Ask for a visit of somebody new."""
    wish = {name: value for name, value in clinic.wish(at).items() if name != "patient_id"}
    return wish | {"patient": person}


def test_a_patient_books_sees_confirms_moves_and_cancels(visitor: Visitor, clinic: Clinic) -> None:
    visit = booked(visitor, clinic)
    listed = visitor.get("/appointments").get_json()["items"]
    confirmed = visitor.act("confirm", visit).get_json()
    moved = visitor.act("reschedule", confirmed, starts_at=ELEVEN).get_json()
    cancelled = visitor.act("cancel", moved, reason_code="patient").get_json()

    assert [one["id"] for one in listed] == [visit["id"]]
    assert (confirmed["status"], moved["starts_at"]) == ("confirmed", ELEVEN)
    assert cancelled["status"] == "cancelled"
    assert {frozenset(one) for one in (visit, *listed, confirmed, moved, cancelled)} == {frozenset(OWN)}
    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["cancellation"]["late"] is False


def test_a_hold_of_the_widget_becomes_the_patients_visit(visitor: Visitor, clinic: Clinic) -> None:
    hold = replace(visitor, token=None).post("/holds", clinic.wish(TEN, patient_id=None)).get_json()
    answer = visitor.post("/appointments", {"hold_id": hold["id"], "patient_id": clinic.patient["id"]})

    assert (answer.status_code, answer.get_json()["id"]) == (201, hold["id"])


def test_a_hold_is_judged_by_the_rules_of_the_patient_that_it_names(visitor: Visitor, clinic: Clinic) -> None:
    create_rule(clinic.desk)
    booked(visitor, clinic)

    assert visitor.post("/holds", clinic.wish("2027-03-09T10:00:00Z")).status_code == 409
    assert visitor.post("/holds", clinic.wish("2027-03-09T10:00:00Z", patient_id=None)).status_code == 201


def test_somebody_new_is_recorded_with_the_first_booking_and_joins_the_token(clinic: Clinic) -> None:
    visitor, told = visitor_of(clinic).verified(email="new@example.org")
    first = visitor.post("/appointments", wish_of(GRACE, clinic)).get_json()
    again = booked(visitor, clinic, ELEVEN, patient_id=first["patient_id"])
    recorded = clinic.desk.get(f"/patients/{first['patient_id']}").get_json()

    assert told["patients"] == []
    assert again["patient_id"] == first["patient_id"]
    assert {name: recorded[name] for name in (*GRACE, "email")} == GRACE | {"email": "new@example.org"}


def test_somebody_new_books_what_a_hold_keeps(clinic: Clinic) -> None:
    visitor, _ = visitor_of(clinic).verified(email="new@example.org")
    hold = visitor.post("/holds", clinic.wish(TEN, patient_id=None)).get_json()
    answer = visitor.post("/appointments", {"hold_id": hold["id"], "patient": GRACE})

    assert (answer.status_code, answer.get_json()["id"]) == (201, hold["id"])


def test_a_booking_that_is_refused_records_nobody(clinic: Clinic, database: Database) -> None:
    visitor, _ = visitor_of(clinic).verified(email="new@example.org")
    before = len(rows(database, clinic.desk, Patient))

    assert visitor.post("/appointments", wish_of(GRACE, clinic, "2027-03-01T03:00:00Z")).status_code == 409
    assert len(rows(database, clinic.desk, Patient)) == before


def test_somebody_known_at_the_address_is_not_recorded_again(visitor: Visitor, clinic: Clinic) -> None:
    answer = visitor.post("/appointments", wish_of({"name": "ADA  Lovelace"}, clinic))

    assert answer.get_json()["patient_id"] == clinic.patient["id"]


def test_several_people_of_an_address_book_each_for_themselves(visitor: Visitor, clinic: Clinic) -> None:
    byron = clinic.desk.made("/patients", name="Byron Lovelace", **ADA)
    visits = [booked(visitor, clinic), booked(visitor, clinic, ELEVEN, patient_id=byron["id"])]
    listed = visitor.get("/appointments").get_json()["items"]

    assert [one["id"] for one in listed] == [one["id"] for one in visits]
    assert [one["patient_id"] for one in visits] == [clinic.patient["id"], byron["id"]]


def test_a_token_shows_and_changes_nothing_of_others(visitor: Visitor, clinic: Clinic) -> None:
    eve = clinic.desk.made("/patients", name="Eve")["id"]
    theirs = clinic.booked(ELEVEN, patient_id=eve)
    nobodys = {name: value for name, value in asked(clinic).items() if name != "patient_id"}
    answers = [
        visitor.get(f"/appointments/{theirs['id']}"),
        visitor.act("confirm", theirs),
        visitor.act("cancel", theirs, reason_code="patient"),
        visitor.act("reschedule", theirs, starts_at=TEN),
        visitor.post("/appointments", clinic.wish(TEN, patient_id=eve)),
        visitor.post("/holds", clinic.wish(TEN, patient_id=eve)),
        visitor.post("/waitlist", asked(clinic, eve)),
        visitor.get("/availability/next", **asked(clinic, eve)),
        visitor.get("/availability", **asked(clinic, eve), **DAY),
        visitor.get("/availability/explain", **asked(clinic, eve), starts_at=TEN),
        visitor.get("/availability", **nobodys, **DAY, ignore_appointment_id=theirs["id"]),
    ]

    assert [one.status_code for one in answers] == [404] * len(answers)
    assert visitor.get("/appointments", patient_id=eve).get_json()["items"] == []


def test_a_patient_who_has_another_address_now_is_out_of_reach(visitor: Visitor, clinic: Clinic) -> None:
    visit = booked(visitor, clinic)
    clinic.desk.patch(f"/patients/{clinic.patient['id']}", {"email": "elsewhere@example.org"})

    assert visitor.get(f"/appointments/{visit['id']}").status_code == 404


def test_what_the_clinic_alone_decides_is_refused_by_name(visitor: Visitor, clinic: Clinic) -> None:
    visit = booked(visitor, clinic)
    override = {"codes": ["off_grid"], "reason": "Please"}
    answers = {
        "/notes": visitor.post("/appointments", clinic.wish(ELEVEN) | {"notes": "Hello"}),
        "/override": visitor.post("/appointments", clinic.wish(ELEVEN) | {"override": override}),
        "/at": visitor.act("confirm", visit, at="2027-01-04T08:00:00Z"),
        "/reason_code": visitor.act("cancel", visit, reason_code="clinic"),
        "?flagged": visitor.get("/appointments", flagged="true"),
    }

    assert {one.status_code for one in answers.values()} == {422}
    assert [one.get_json()["errors"][0]["pointer"] for one in answers.values()] == list(answers)


def test_a_desk_names_patients_that_it_has_recorded(clinic: Clinic) -> None:
    answer = clinic.desk.post("/appointments", wish_of(GRACE, clinic))

    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/patient")


def test_a_visit_that_is_near_or_begun_is_the_clinics(visitor: Visitor, clinic: Clinic) -> None:
    visit = booked(visitor, clinic)
    near = replace(visitor, desk=visitor.desk.at("2027-02-28T12:00:00Z"))
    late = near.act("reschedule", visit, starts_at="2027-03-05T10:00:00Z")
    cancelled = near.act("cancel", visit, reason_code="patient")
    here = booked(visitor, clinic, ELEVEN)
    arrived = clinic.at("2027-03-01T11:00:00Z").acted("arrive", here)
    after = replace(visitor, desk=visitor.desk.at("2027-03-01T11:01:00Z"))
    gone = after.act("cancel", arrived, reason_code="patient")

    assert (late.status_code, late.get_json()["code"]) == (409, "too_late_online")
    assert cancelled.status_code == 200
    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["cancellation"]["late"] is True
    assert (gone.status_code, gone.get_json()["allowed"]) == (409, ["booked", "confirmed"])


def test_a_patients_rules_are_told_without_their_reasons(visitor: Visitor, clinic: Clinic) -> None:
    create_rule(clinic.desk)
    own = f"/patients/{clinic.patient['id']}"
    clinic.desk.made(f"{own}/medical-holds", code="pregnancy", opened_on="2027-01-04")
    clinic.desk.made(f"{own}/treatments", event="micro_needling", on="2027-01-02", areas=["FACE"])
    answers = [
        visitor.post("/appointments", clinic.wish("2027-01-11T10:00:00Z")),
        visitor.get("/availability/explain", **asked(clinic), starts_at="2027-01-11T10:00:00Z"),
        visitor.get("/availability/next", **asked(clinic)),
    ]

    for answer in answers:
        told = answer.get_json()["refusals"]
        assert {one["code"] for one in told} == {"not_yet"}
        assert not {"rule_id", "because", "overridable_by"} & set().union(*told)
        assert not any(word in answer.text for word in ("pregnan", "medical", "spacing", "H02", "S02"))


def test_a_missing_consultation_names_what_to_book_first(visitor: Visitor, clinic: Clinic) -> None:
    talking = [{**short_phases()[0], "kind": "consultation"}]
    talk = create_procedure(clinic.desk, code="TALK", family="TALK", areas=[], phases=talking)
    needling = create_procedure(clinic.desk, code="NEEDLING", prerequisites=[{"family": "TALK"}])
    body = clinic.wish(TEN) | {"procedure_id": needling["id"]}
    missing = visitor.post("/appointments", body)
    booked(visitor, clinic, ELEVEN, procedure_id=talk["id"])
    soon = visitor.post("/appointments", {**body, "starts_at": "2027-03-01T14:00:00Z"})
    clinic.desk.patch(f"/procedures/{talk['id']}", {"online": False})
    hidden = visitor.post("/appointments", {**body, "starts_at": "2027-02-20T10:00:00Z"})

    (reason,) = missing.get_json()["refusals"]
    assert (reason["code"], reason["book_first"]) == ("prerequisite_missing", talk["id"])
    assert [one["code"] for one in soon.get_json()["refusals"]] == ["cooling_off"]
    assert [one.get("book_first") for one in hidden.get_json()["refusals"]] == [None]


def test_only_procedures_that_are_offered_online_exist_for_a_widget(visitor: Visitor, clinic: Clinic) -> None:
    desks = create_procedure(clinic.desk, code="DESK", online=False)
    own = clinic.desk.made("/appointments", **clinic.wish(TEN) | {"procedure_id": desks["id"]})
    hidden = {"procedure_id": desks["id"]}
    answers = [
        visitor.get(f"/procedures/{desks['id']}"),
        visitor.get("/availability/next", **asked(clinic) | hidden),
        visitor.post("/holds", clinic.wish(ELEVEN, patient_id=None) | hidden),
        visitor.post("/appointments", clinic.wish(ELEVEN) | hidden),
    ]

    assert [one["id"] for one in visitor.get("/procedures").get_json()["items"]] == [clinic.procedure["id"]]
    assert [one.status_code for one in answers] == [404] * len(answers)
    assert visitor.act("reschedule", own, starts_at=ELEVEN).status_code == 200


def test_a_rule_about_age_asks_somebody_new_for_it(clinic: Clinic) -> None:
    visitor, _ = visitor_of(clinic).verified(email="new@example.org")
    silent, young, unborn = (
        visitor.post("/appointments", wish_of({"name": "Grace", **born}, clinic))
        for born in ({}, {"born_on": "2015-01-01"}, {"born_on": "2030-01-01"})
    )

    assert (silent.status_code, silent.get_json()["errors"][0]["pointer"]) == (422, "/patient/born_on")
    assert [one["code"] for one in young.get_json()["refusals"]] == ["not_yet"]
    assert (unborn.status_code, unborn.get_json()["errors"][0]["pointer"]) == (422, "/patient/born_on")


def test_who_is_known_by_online_bookings_alone_says_their_age_too(clinic: Clinic) -> None:
    talking = [{**short_phases()[0], "kind": "consultation"}]
    talk = create_procedure(clinic.desk, code="TALK", family="TALK", areas=[], phases=talking)
    visitor, _ = visitor_of(clinic).verified(email="new@example.org")
    first = visitor.post("/appointments", wish_of({"name": "Grace"}, clinic) | {"procedure_id": talk["id"]})
    known = {"patient_id": first.get_json()["patient_id"]}
    silent = visitor.post("/appointments", clinic.wish(ELEVEN, **known))
    young = visitor.post("/appointments", wish_of({"name": "Grace", "born_on": "2015-01-01"}, clinic, ELEVEN))
    told = visitor.post("/appointments", wish_of({"name": "Grace", "born_on": "1990-01-01"}, clinic, ELEVEN))

    assert (first.status_code, silent.status_code) == (201, 422)
    assert silent.get_json()["errors"][0]["pointer"] == "/patient/born_on"
    assert [one["code"] for one in young.get_json()["refusals"]] == ["not_yet"]
    assert (told.status_code, told.get_json()["patient_id"]) == (201, known["patient_id"])


def test_a_widget_learns_of_no_patient_who_is_not_its_visitors(visitor: Visitor, clinic: Clinic) -> None:
    eve, other = (clinic.desk.made("/patients", name=name)["id"] for name in ("Eve", "Eva"))
    clinic.desk.post(f"/patients/{eve}/merge", {"into_id": other})
    unknown = "5f7f6f3e-0000-4000-8000-000000000000"
    bare = replace(visitor, token=None)
    ids = (eve, other, unknown)

    assert [bare.get("/availability/next", **asked(clinic, one)).status_code for one in ids] == [403] * 3
    assert [visitor.get("/availability/next", **asked(clinic, one)).status_code for one in ids] == [404] * 3
    assert [visitor.post("/waitlist", asked(clinic, one)).status_code for one in ids] == [404] * 3


def test_a_hold_decides_no_more_than_a_booking(visitor: Visitor, clinic: Clinic) -> None:
    body = clinic.wish(TEN, patient_id=None) | {"phase_minutes": {clinic.procedure["phases"][0]["name"]: 20}}
    answer = visitor.post("/holds", body)

    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/phase_minutes")


def test_a_patient_waits_and_answers_offers(visitor: Visitor, clinic: Clinic) -> None:
    entry = visitor.post("/waitlist", asked(clinic)).get_json()
    eve = clinic.desk.made("/patients", name="Eve")
    other = clinic.desk.made("/waitlist", **asked(clinic, eve["id"]))
    theirs = [visitor.post(f"/waitlist/{other['id']}/{answer}") for answer in ("accept", "decline")]

    assert visitor.post(f"/waitlist/{entry['id']}/accept").get_json()["code"] == "wrong_status"
    assert [one.status_code for one in theirs] == [404, 404]
    assert visitor.get("/waitlist").status_code == 403


def test_no_more_than_three_visits_to_come_are_booked_online_also_at_once(
    visitor: Visitor, clinic: Clinic, database: Database
) -> None:
    add_two_pairs(clinic)
    days = [f"2027-03-0{day}T10:00:00Z" for day in (1, 2, 3, 4, 5)]
    answers = race([partial(visitor.post, "/appointments", clinic.wish(at)) for at in days])
    clinic.booked("2027-03-08T10:00:00Z")

    assert statuses(answers) == [201] * 3 + [409] * 2
    assert {one.get_json()["code"] for one in answers if one.status_code == 409} == {"too_many_online"}
    assert_sound(database, clinic.desk)
    with database.transaction(clinic.desk.clinic_id) as session:
        marked = session.scalars(select(Appointment.online).order_by(Appointment.starts_at)).all()
    assert marked == [True, True, True, False]


def test_of_one_new_name_asked_for_at_once_one_patient_is_recorded(clinic: Clinic) -> None:
    add_two_pairs(clinic)
    visitor, _ = visitor_of(clinic).verified(email="new@example.org")
    starts = (TEN, "2027-03-02T10:00:00Z", "2027-03-03T10:00:00Z")
    wishes = [wish_of(GRACE, clinic, at) for at in starts]
    answers = race([partial(visitor.post, "/appointments", wish) for wish in wishes])

    assert statuses(answers) == [201] * 3
    assert len({one.get_json()["patient_id"] for one in answers}) == 1


def test_anonymising_ends_the_tokens_of_the_address(
    visitor: Visitor, clinic: Clinic, database: Database
) -> None:
    visitor.post("/booking-tokens", ADA)
    answer = clinic.desk.post(f"/patients/{clinic.patient['id']}/anonymise", {"reason": "Asked for it"})

    assert answer.status_code == 200
    assert visitor.get("/appointments").status_code == 401
    assert [rows(database, clinic.desk, model) for model in (BookingCode, BookingToken)] == [[], []]


def test_a_token_serves_the_key_alone_that_it_was_given_to(visitor: Visitor, clinic: Clinic) -> None:
    elsewhere = replace(visitor_of(clinic), token=visitor.token)
    desks = clinic.desk.request("GET", "/appointments", {"X-Booking-Token": str(visitor.token)})

    assert elsewhere.get("/appointments").status_code == 401
    assert replace(visitor, token="bt_unknown").get("/procedures").status_code == 401
    assert desks.status_code == 200
