"""A start judges the patient's rules and the qualifications as they are by then."""

from collections.abc import Callable
from typing import Any

import pytest

from models.database import Database
from tests.support.cast import (
    Clinic,
    Made,
    audit_entries,
    codes,
    create_clinic,
    create_procedure,
    create_rule,
    create_therapist,
    event_types,
    refusal,
    working,
)
from tests.support.desk import Desk
from tests.support.nights import open_all_night
from tests.support.overrides import overriding, with_level
from tests.support.records import medical_holds_path, open_medical_hold, record_treatment
from tests.support.times import DAY, NEXT_DAY, TEN, at
from tests.support.visits import begun, shown_visit

FEBRUARY = "2027-02-01T08:00:00Z"
CERTIFICATE = {"qualifications": [{"code": "BBP"}]}


def arrived(clinic: Clinic, starts_at: str = TEN, **fields: Any) -> Made:
    """Book a visit whose patient comes at its time."""
    return come(clinic, clinic.booked(starts_at, **fields))


def come(clinic: Clinic, visit: Made) -> Made:
    """Let the patient of a visit, which may have been flagged, come at its time."""
    return clinic.at(visit["starts_at"]).acted("arrive", shown_visit(clinic, visit))


def test_a_hold_that_was_opened_since_the_booking_refuses_the_start(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    open_medical_hold(clinic.at(FEBRUARY), "pregnancy", "2027-02-01")
    here = come(clinic, visit)

    answer = clinic.at(TEN).act("start", here)

    assert codes(answer) == ["medical_hold"]
    assert refusal(answer, "medical_hold")["rule_id"] == "H02"
    assert shown_visit(clinic, here)["version"] == here["version"]
    assert shown_visit(clinic, here)["phases"][0]["actual_starts_at"] is None


def test_a_hold_that_is_over_by_then_refuses_nothing(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    hold = open_medical_hold(clinic.at(FEBRUARY), "pregnancy", "2027-02-01")
    path = f"{medical_holds_path(clinic)}/{hold['id']}"
    assert clinic.at(FEBRUARY).desk.patch(path, {"resolved_on": "2027-02-01"}).status_code == 200

    assert clinic.at(TEN).act("start", come(clinic, visit)).status_code == 200


def test_what_was_overridden_at_the_booking_is_allowed_still(clinic: Clinic) -> None:
    open_medical_hold(clinic, "anticoagulant")
    visit = arrived(clinic, **overriding("medical_hold"))

    assert clinic.at(TEN).act("start", visit).status_code == 200


def test_a_second_hold_is_not_covered_by_an_override_of_the_first(clinic: Clinic) -> None:
    open_medical_hold(clinic, "anticoagulant")
    visit = clinic.booked(TEN, **overriding("medical_hold"))
    open_medical_hold(clinic.at(FEBRUARY), "pregnancy", "2027-02-01")

    assert codes(clinic.at(TEN).act("start", come(clinic, visit))) == ["medical_hold"]


def test_a_clinician_may_override_at_the_start_and_it_is_kept(clinic: Clinic, database: Database) -> None:
    visit = clinic.booked(TEN)
    hold = open_medical_hold(clinic.at(FEBRUARY), "anticoagulant", "2027-02-01")
    here = come(clinic, visit)

    started = clinic.at(TEN).acted("start", here, **overriding("medical_hold", reason="Dose is low."))

    (kept,) = started["overrides"]
    assert (kept["codes"], kept["reason"], kept["starts_at"]) == (
        ["medical_hold"], "Dose is low.", "2027-03-01T10:00:00+00:00",
    )  # fmt: skip
    assert [(one["code"], one["source_id"]) for one in kept["grounds"]] == [("medical_hold", hold["id"])]
    assert event_types(database, clinic.desk, started)[-2:] == [
        "appointment.started",
        "appointment.overridden",
    ]
    assert len(audit_entries(database, clinic.desk, "appointment.overridden")) == 1


@pytest.mark.parametrize(
    ("level", "status"), [(None, 403), ("desk", 403), ("therapist", 403), ("clinician", 200)]
)
def test_an_override_at_the_start_needs_its_level(clinic: Clinic, level: str | None, status: int) -> None:
    visit = clinic.booked(TEN)
    open_medical_hold(clinic.at(FEBRUARY), "anticoagulant", "2027-02-01")
    here = come(clinic, visit)

    answer = with_level(clinic, level).at(TEN).act("start", here, **overriding("medical_hold"))

    assert answer.status_code == status


def test_an_override_that_nothing_needs_is_not_kept(clinic: Clinic) -> None:
    started = clinic.at(TEN).acted("start", arrived(clinic), **overriding("medical_hold"))

    assert started["overrides"] == []


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ("2027-02-15", ["spacing_min"]),
        ("2027-02-16", ["spacing_floor", "spacing_min"]),
        ("2027-02-01", []),
        ("2027-02-02", ["spacing_min"]),
    ],
)
def test_a_treatment_elsewhere_that_was_told_of_later_counts(
    spaced: Clinic, on: str, found: list[str]
) -> None:
    visit = spaced.booked(TEN)
    record_treatment(spaced.at(TEN), "micro_needling", on)

    answer = spaced.at(TEN).act("start", come(spaced, visit))

    assert (codes(answer) if answer.status_code == 409 else []) == found


def test_a_floor_is_nobodys_and_the_answer_says_how_to_note_what_was_done(spaced: Clinic) -> None:
    visit = spaced.booked(TEN)
    record_treatment(spaced.at(TEN), "micro_needling", "2027-02-20")
    here = come(spaced, visit)

    answer = spaced.at(TEN).act("start", here, **overriding("spacing_min", "spacing_floor"))

    assert codes(answer) == ["spacing_floor", "spacing_min"]
    assert "micro_needling" in answer.get_json()["detail"]


def test_a_session_after_one_that_was_performed_a_day_late_needs_an_override(spaced: Clinic) -> None:
    night, soon = open_all_night(spaced), "2027-03-29T12:00:00+01:00"
    later = night.booked(soon)
    first = night.at(at("23:50")).acted("arrive", night.booked(at("23:50")))
    night.at(at("00:05", NEXT_DAY)).acted("start", first)
    here = night.at(soon).acted("arrive", shown_visit(night, later))

    refused = night.at(soon).act("start", here)
    started = night.at(soon).act("start", here, **overriding("spacing_min"))

    assert (codes(refused), refusal(refused, "spacing_min")["earliest_on"]) == (["spacing_min"], "2027-03-30")
    assert (started.status_code, started.get_json()["performed_on"]) == (200, "2027-03-29")


def test_an_earlier_visit_stands_although_a_later_one_is_too_near_by_now(spaced: Clinic) -> None:
    (rule,) = spaced.desk.get("/spacing-rules").get_json()["items"]
    visit, later = spaced.booked(TEN), spaced.booked("2027-03-29T10:00:00Z")
    days = {"floor_days": 35, "min_days": 42, "recommended_days": 49}
    assert spaced.desk.patch(f"/spacing-rules/{rule['id']}", days).status_code == 200

    first = spaced.at(TEN).act("start", come(spaced, visit))
    second = spaced.at(later["starts_at"]).act("start", come(spaced, later))

    assert first.status_code == 200
    assert codes(second) == ["spacing_floor", "spacing_min"]


@pytest.mark.parametrize(("days", "found"), [(8, ["washout_min"]), (7, []), (6, [])])
def test_a_wash_out_that_was_told_of_later_counts(clinic: Clinic, days: int, found: list[str]) -> None:
    create_rule(
        clinic.desk,
        code="X03",
        after={"event": "superficial_peel"},
        before={"family": "MN"},
        floor_days=0,
        min_days=days,
        recommended_days=None,
    )
    visit = clinic.booked(TEN)
    record_treatment(clinic.at(TEN), "superficial_peel", "2027-02-22")

    answer = clinic.at(TEN).act("start", come(clinic, visit))

    assert (codes(answer) if answer.status_code == 409 else []) == found


def needing_a_talk(clinic: Clinic) -> tuple[Clinic, Made]:
    """Let the clinic's procedure need a consultation, and book one and a treatment after it."""
    talk = {"name": "Talk", "kind": "consultation", "minutes": 20, "therapist": True}
    phases = [talk | {"room_kinds": ["treatment"]}]
    consultation = create_procedure(clinic.desk, code="CONSULT", family="CONSULT", areas=[], phases=phases)
    clinic.desk.patch(
        f"/procedures/{clinic.procedure['id']}",
        {"prerequisites": [{"family": "CONSULT", "min_hours_before": 24}]},
    )
    return clinic, clinic.booked("2027-02-28T09:00:00Z", procedure_id=consultation["id"])


def test_a_consultation_that_did_not_take_place_refuses_the_treatment(clinic: Clinic) -> None:
    clinic, talk = needing_a_talk(clinic)
    visit = clinic.booked(TEN)
    clinic.at("2027-02-28T10:00:00Z").acted("no-show", talk)

    answer = clinic.at(TEN).act("start", come(clinic, visit))

    assert codes(answer) == ["prerequisite_missing"]


@pytest.mark.parametrize(("ended", "found"), [("11:55", []), ("12:00", []), ("12:05", ["cooling_off"])])
def test_a_consultation_that_ended_late_cools_off_late(clinic: Clinic, ended: str, found: list[str]) -> None:
    clinic, talk = needing_a_talk(clinic)
    visit = clinic.booked(at("12:00"))
    for action in ("arrive", "start"):
        talk = clinic.at("2027-02-28T09:00:00Z").acted(action, talk)
    clinic.at(f"2027-02-28T{ended}:00Z").acted("complete", talk)

    answer = clinic.at(at("12:00")).act("start", come(clinic, visit))

    assert (codes(answer) if answer.status_code == 409 else []) == found


def test_who_begins_some_minutes_early_has_cooled_off_as_booked(clinic: Clinic) -> None:
    clinic, talk = needing_a_talk(clinic)
    visit = clinic.booked(at("09:20"))
    for action, clock in (("arrive", "09:00"), ("start", "09:00"), ("complete", "09:20")):
        talk = clinic.at(f"2027-02-28T{clock}:00Z").acted(action, talk)
    early = clinic.at(at("09:10")).acted("arrive", visit)

    assert clinic.at(at("09:12")).act("start", early).status_code == 200


@pytest.fixture
def certified(make_clinic: Callable[..., Desk]) -> Clinic:
    """Give a clinic whose procedure needs a certificate that its therapist has."""
    return create_clinic(
        make_clinic().at("2027-01-04T08:00:00Z"),
        procedure={"qualifications": ["BBP"]},
        therapist=CERTIFICATE,
    )


@pytest.mark.parametrize(
    ("until", "found"),
    [
        ("2027-02-28", ["therapist_unqualified"]),
        (DAY, []),
        (NEXT_DAY, []),
    ],
)
def test_a_certificate_must_be_valid_on_the_day(certified: Clinic, until: str, found: list[str]) -> None:
    visit = certified.booked(TEN)
    held = {"qualifications": [{"code": "BBP", "valid_until": until}]}
    assert certified.desk.patch(f"/therapists/{certified.therapist['id']}", held).status_code == 200

    answer = certified.at(TEN).act("start", come(certified, visit))

    assert (codes(answer) if answer.status_code == 409 else []) == found


def test_another_therapist_may_take_over_who_has_the_certificate(certified: Clinic) -> None:
    visit = certified.booked(TEN)
    hours = {"working_hours": working(certified.location)}
    other = create_therapist(certified.desk, certified.location, **CERTIFICATE | hours)
    certified.desk.patch(f"/therapists/{certified.therapist['id']}", {"qualifications": []})
    here = come(certified, visit)

    refused = certified.at(TEN).act("start", here, **overriding("therapist_not_working"))
    given = certified.at(TEN).acted("reassign", here, therapist_id=other["id"])
    started = certified.at(TEN).act("start", given)

    assert codes(refused) == ["therapist_unqualified"]
    assert started.status_code == 200


def test_an_assistant_must_be_qualified_on_the_day(desk: Desk) -> None:
    needling = {"name": "Needling", "kind": "procedure", "minutes": 20, "therapist": True, "assistant": "RN"}
    clinic = create_clinic(desk, procedure={"phases": [needling | {"room_kinds": ["treatment"]}]})
    nurse = create_therapist(clinic.desk, clinic.location, treats=False, qualifications=[{"code": "RN"}])
    visit = clinic.booked(TEN)
    clinic.desk.patch(f"/therapists/{nurse['id']}", {"qualifications": []})

    answer = clinic.at(TEN).act("start", come(clinic, visit))

    assert refusal(answer, "therapist_unqualified")["resource_id"] == nurse["id"]


def test_neither_hours_nor_rooms_refuse_a_start(clinic: Clinic) -> None:
    here = arrived(clinic)
    clinic.desk.patch(f"/locations/{clinic.location['id']}", {"opening_hours": []})
    clinic.desk.patch(f"/therapists/{clinic.therapist['id']}", {"working_hours": []})

    assert clinic.at(at("18:55")).act("start", here).status_code == 200


def test_the_cream_and_the_rules_are_told_of_together(pipeline: Clinic) -> None:
    visit = pipeline.booked(TEN)
    open_medical_hold(pipeline.at(FEBRUARY), "pregnancy", "2027-02-01")
    numbing = pipeline.at(TEN).acted("start-numbing", come(pipeline, visit))

    answer = pipeline.at(at("10:05")).act("start", numbing)

    assert codes(answer) == ["medical_hold", "numbing_too_short"]


def test_a_start_that_is_noted_later_is_judged_for_its_own_date(spaced: Clinic) -> None:
    visit = spaced.booked(TEN)
    week_after = spaced.at("2027-03-08T10:00:00Z")
    record_treatment(week_after, "micro_needling", "2027-02-01")
    here = week_after.acted("arrive", visit, at=TEN)

    assert week_after.act("start", here, at=TEN).status_code == 200


def test_a_refused_start_leaves_a_visit_that_can_be_cancelled(clinic: Clinic) -> None:
    visit = clinic.booked(TEN)
    open_medical_hold(clinic.at(FEBRUARY), "pregnancy", "2027-02-01")
    here = come(clinic, visit)
    clinic.at(TEN).act("start", here)

    assert clinic.at(TEN).act("cancel", here, reason_code="medical").status_code == 200


def test_a_hold_of_the_treatment_itself_does_not_stand_against_it(clinic: Clinic) -> None:
    started = begun(clinic, TEN)

    done = clinic.at(TEN).act("complete", started, adverse_effects=["prolonged_redness"])

    assert done.status_code == 200
