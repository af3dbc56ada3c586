"""The default catalogue is that of the tables, which are written here once more."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from booking.catalogue.defaults import default_course_templates, default_procedures, default_spacing_rules
from schemas.course_templates import CourseTemplateSchema
from schemas.procedures import ProcedureSchema
from schemas.spacing_rules import SpacingRuleSchema
from tests.support import samples
from tests.support.desk import Desk

Range = tuple[int, int | None, int | None] | None
STD_NUMBING = (30, 20, 60)
# Table b3: family, intake, numbing (range), procedure (range), therapist minutes.
PROCEDURES: dict[str, tuple[str, int | None, Range, Range, int]] = {
    "CONSULT_NEW": ("CONSULT", None, None, (30, 15, 45), 30),
    "PATCH_TEST": ("PATCH_TEST", None, None, (10, None, None), 0),
    "MN_FACE_SUP": ("MN", 10, (20, None, 30), (20, 15, 30), 30),
    "MN_FACE_STD": ("MN", 10, STD_NUMBING, (20, 15, 30), 30),
    "MN_FACE_NECK": ("MN", 10, STD_NUMBING, (30, None, None), 40),
    "MN_FACE_DEEP": ("MN_DEEP", 10, (60, 45, 60), (30, None, None), 40),
    "MN_SCALP": ("MN_SCALP", 10, (30, 20, 45), (20, 15, 30), 30),
    "MN_BODY_ZONE": ("MN_BODY", 10, (60, 45, 90), (30, 15, 60), 40),
    "RF_MN_FACE": ("RF_MN", 15, (60, 45, 60), (40, 30, 60), 55),
    "MN_FACE_PRP": ("MN", 10, STD_NUMBING, (20, 15, 30), 35),
    "REVIEW": ("REVIEW", None, None, (15, None, None), 15),
    "AE_CHECK": ("REVIEW", None, None, (15, None, None), 15),
}
# Table b5: floor, min, recommended, overdue, who may override.
SPACING = {
    ("S01", "MN_FACE_SUP", "MN_FACE_SUP"): (7, 14, 28, None, "clinician"),
    ("S02", "MN", "MN"): (14, 28, 35, 56, "clinician"),
    ("S03", "MN_DEEP", "MN"): (28, 42, 49, 84, "dermatologist"),
    ("S03", "MN_DEEP", "MN_DEEP"): (28, 42, 49, 84, "dermatologist"),
    ("S04", "MN", "MN_DEEP"): (14, 28, 42, 84, "clinician"),
    ("S04", "MN_DEEP", "MN_DEEP"): (14, 28, 42, 84, "clinician"),
    ("S05", "RF_MN", "RF_MN"): (28, 42, 42, 84, "dermatologist"),
    ("S06", "RF_MN", "MN"): (28, 42, 42, None, "dermatologist"),
    ("S06", "RF_MN", "MN_DEEP"): (28, 42, 42, None, "dermatologist"),
    ("S06", "MN", "RF_MN"): (28, 42, 42, None, "dermatologist"),
    ("S06", "MN_DEEP", "RF_MN"): (28, 42, 42, None, "dermatologist"),
    ("S07", "MN_BODY", "MN_BODY"): (14, 28, 42, 84, "clinician"),
    ("S08", "MN_SCALP", "MN_SCALP"): (7, 28, 28, 56, "clinician"),
    ("S10", "MN_FACE_PRP", "MN_FACE_PRP"): (21, 28, 30, 56, "clinician"),
}
# Table b5: event, min before MN, before RF, after, floor, floor for RF, who may override.
EVENTS = {
    "X01": ("botulinum_toxin", 14, 14, 14, 2, 2, "clinician"),
    "X02": ("dermal_filler", 14, 90, 14, 7, 14, "clinician"),
    "X03": ("superficial_peel", 14, 28, 28, 7, 7, "clinician"),
    "X04": ("medium_peel", 42, 42, 42, 28, 28, "dermatologist"),
    "X05": ("deep_peel", 90, 90, 90, 0, 0, "dermatologist"),
    "X06": ("ipl", 28, 28, 28, 14, 14, "clinician"),
    "X07": ("fractional_laser", 42, 42, 42, 28, 28, "clinician"),
    "X08": ("waxing", 7, 7, 7, 5, 5, "therapist"),
    "X09": ("laser_hair_removal", 14, 14, 14, 7, 7, "clinician"),
    "X10": ("microdermabrasion", 14, 14, 14, 7, 7, "therapist"),
    "X11": ("sun_exposure", 14, 28, None, 7, 7, "therapist"),
    "X12": ("topical_retinoid", 7, 14, None, 3, 3, "therapist"),
    "X13": ("acids", 5, 7, None, 1, 1, "therapist"),
    "X14": ("isotretinoin", 180, 180, None, 0, 0, "dermatologist"),
    "X15": ("facelift", 365, 365, None, 90, 90, "dermatologist"),
    "X16": ("other_surgery", 90, 90, None, 0, 0, "dermatologist"),
    "X17": ("radiotherapy", 365, 365, None, 90, 90, "dermatologist"),
    "X18": ("home_roller", 7, 7, None, 0, 0, "therapist"),
}
# Tables b6 and b7: procedures, sessions (range), review, months in which maintenance opens and closes.
TEMPLATES = {
    "ACNE_SCAR_MILD": (["MN_FACE_STD"], (3, 3, 4), 84, (6, 12)),
    "ACNE_SCAR_MOD": (["MN_FACE_STD"], (4, 4, 6), 84, (6, 12)),
    "ACNE_SCAR_SEV": (["MN_FACE_DEEP"], (6, 6, 8), 84, (6, 12)),
    "REJUV_FACE_NECK": (["MN_FACE_NECK"], (4, 3, 6), 84, (6, 12)),
    "PIGMENT_FACE": (["MN_FACE_SUP", "MN_FACE_STD"], (3, 3, 6), 28, (6, 12)),
    "STRIAE": (["MN_BODY_ZONE"], (4, 1, 6), 84, (None, None)),
    "SCALP_4W": (["MN_SCALP"], (3, 3, 3), 84, (2, 3)),
    "SCALP_2W": (["MN_SCALP"], (6, 6, 6), 84, (2, 3)),
    "SCALP_1W": (["MN_SCALP"], (12, 12, 12), 84, (2, 3)),
    "RF_ACNE_SCAR": (["RF_MN_FACE"], (3, 2, 6), 84, (6, 12)),
    "PRP_FACE": (["MN_FACE_PRP"], (3, 2, 4), 84, (6, 12)),
    "MAINT_FACE": (["MN_FACE_STD"], (1, 1, 1), None, (6, 12)),
}
# Where a template differs from its procedures' rules: the rule's code, floor, min, recommended, overdue.
TEMPLATE_SPACING = {
    "REJUV_FACE_NECK": ("REJUV_FACE_NECK", 14, 28, 30, 56, "clinician"),
    "PIGMENT_FACE": ("S09", 14, 28, 28, 56, "clinician"),
    "SCALP_2W": ("SCALP_2W", 7, 14, 14, None, "clinician"),
    "SCALP_1W": ("SCALP_1W", 7, 7, 7, None, "clinician"),
}
# Table b5, advice after needling, which only warns: event, days after MN, days after RF, level.
ADVICE = (
    ("X11", "sun_exposure", 14, 14, "therapist"),
    ("X12", "topical_retinoid", 7, 7, "therapist"),
    ("X13", "acids", 7, 7, "therapist"),
    ("X19", "important_event", 7, 21, "desk"),
)
NEEDLING = ("MN", "MN_DEEP", "MN_SCALP", "MN_BODY", "RF_MN")
BY_CODE = {procedure["code"]: procedure for procedure in default_procedures()}


CODES = {UUID(int=number): code for number, code in enumerate(BY_CODE)}
COURSES = default_course_templates({code: one for one, code in CODES.items()})


def of_kind(procedure: dict[str, Any], *kinds: str) -> dict[str, Any] | None:
    """Give the first phase of any of these kinds."""
    return next((phase for phase in procedure["phases"] if phase["kind"] in kinds), None)


def minutes(phase: dict[str, Any] | None) -> Range:
    """Give a phase's minutes with their range."""
    return phase and (phase["minutes"], phase["min_minutes"], phase["max_minutes"])


def test_the_procedures_are_those_of_the_table() -> None:
    assert list(BY_CODE) == list(PROCEDURES)


@pytest.mark.parametrize("code", PROCEDURES)
def test_a_procedures_minutes_are_those_of_the_table(code: str) -> None:
    procedure = BY_CODE[code]
    intake = of_kind(procedure, "intake")
    found = (
        procedure["family"],
        intake and intake["minutes"],
        minutes(of_kind(procedure, "numbing")),
        minutes(of_kind(procedure, "procedure", "consultation")),
        sum(phase["minutes"] for phase in procedure["phases"] if phase["therapist"]),
    )

    assert found == PROCEDURES[code]


@pytest.mark.parametrize("code", PROCEDURES)
def test_needling_needs_a_consultation_and_hygiene_and_nothing_else_does(code: str) -> None:
    prerequisite = {"family": "CONSULT", "min_hours_before": None, "valid_days": None}
    needles = BY_CODE[code]["family"] in NEEDLING

    assert BY_CODE[code]["prerequisites"] == ([prerequisite] if needles else [])
    assert ("BBP" in BY_CODE[code]["qualifications"]) is needles


def test_the_standard_face_takes_the_time_that_the_contract_says() -> None:
    phases = BY_CODE["MN_FACE_STD"]["phases"]

    assert sum(phase["minutes"] for phase in phases if phase["patient"]) == 85
    assert sum(phase["minutes"] for phase in phases if phase["room_kinds"] == ["treatment"]) == 55
    assert sum(phase["minutes"] for phase in phases if "numbing" in phase["room_kinds"]) == 40


def test_blood_is_drawn_and_spun_while_the_cream_works() -> None:
    procedure = BY_CODE["MN_FACE_PRP"]
    phases = {phase["name"]: phase for phase in procedure["phases"]}
    draw, spin, numbing = phases["Blood draw"], phases["Centrifuge"], phases["Numbing"]

    assert (draw["at_minute"], draw["assistant"], draw["minutes"]) == (10, "PHLEB", 10)
    assert (spin["at_minute"], spin["device_kinds"], spin["patient"]) == (20, ["centrifuge"], False)
    assert (numbing["at_minute"], numbing["minutes"]) == (10, 30)


def numbers(rule: dict[str, Any]) -> tuple[Any, ...]:
    names = ("floor_days", "min_days", "recommended_days", "overdue_days", "override_by")
    return tuple(rule[name] for name in names)


def named(matcher: dict[str, Any]) -> str:
    return next(matcher[part] for part in ("procedure", "family", "event") if matcher[part])


def test_the_rules_between_sessions_are_those_of_the_table() -> None:
    found = {
        (rule["code"], named(rule["after"]), named(rule["before"])): numbers(rule)
        for rule in default_spacing_rules()
        if rule["code"].startswith("S")
    }

    assert found == SPACING


def test_the_wash_outs_are_those_of_the_table() -> None:
    expected = {}
    for code, (event, before_mn, before_rf, after, floor, rf_floor, level) in EVENTS.items():
        for family in NEEDLING:
            is_rf = family == "RF_MN"
            least = rf_floor if is_rf else floor
            days = before_rf if is_rf else before_mn
            expected[code, event, family] = (least, days, None, None, level)
            if after is not None:
                expected[code, family, event] = (least, after, None, None, level)
    for code, event, days, rf_days, level in ADVICE:
        for family in NEEDLING:
            advised = rf_days if family == "RF_MN" else days
            expected[code, family, event] = (0, 0, advised, None, level)
    rules = [rule for rule in default_spacing_rules() if rule["code"].startswith("X")]
    found = {(rule["code"], named(rule["after"]), named(rule["before"])): numbers(rule) for rule in rules}

    assert found == expected
    assert len(rules) == len(expected)


def test_isotretinoin_and_an_event_concern_the_whole_patient_and_all_else_an_area() -> None:
    scopes = {(rule["scope"], rule["code"]) for rule in default_spacing_rules()}

    assert {code for scope, code in scopes if scope == "patient"} == {"X14", "X19"}


def test_the_course_templates_are_those_of_the_table() -> None:
    found = {
        one["code"]: (
            [CODES[procedure_id] for procedure_id in one["procedure_ids"]],
            (one["sessions"], one["min_sessions"], one["max_sessions"]),
            one["review_days"],
            (one["maintenance_opens_months"], one["maintenance_closes_months"]),
        )
        for one in COURSES
    }

    assert found == TEMPLATES


def test_a_templates_spacing_is_its_own_only_where_it_differs_from_the_rules() -> None:
    found = {
        one["code"]: (one["spacing"]["code"], *numbers(one["spacing"])) for one in COURSES if one["spacing"]
    }

    assert found == TEMPLATE_SPACING


def test_a_new_clinic_shows_the_course_templates_as_if_they_had_been_posted(
    make_clinic: Callable[..., Desk],
) -> None:
    desk = make_clinic(catalogue="default")
    codes = {one["id"]: one["code"] for one in desk.get("/procedures", limit=500).get_json()["items"]}
    ids = {code: one for one, code in codes.items()}
    shown = desk.get("/course-templates").get_json()["items"]
    sent = [
        one | {"procedure_ids": [ids[CODES[procedure_id]] for procedure_id in one["procedure_ids"]]}
        for one in COURSES
    ]

    assert [{name: one[name] for name in COURSES[0]} for one in shown] == sent
    assert {(one["version"], one["active"]) for one in shown} == {(1, True)}


@pytest.mark.parametrize("code", PROCEDURES)
def test_a_default_procedure_is_input_that_the_api_would_take(code: str) -> None:
    assert ProcedureSchema().load(BY_CODE[code]) == BY_CODE[code] | {"active": True}


def test_the_default_spacing_rules_are_input_that_the_api_would_take() -> None:
    rules = default_spacing_rules()

    assert [SpacingRuleSchema().load(one) for one in rules] == [one | {"active": True} for one in rules]


@pytest.mark.parametrize("values", COURSES, ids=lambda values: values["code"])
def test_a_default_course_template_is_input_that_the_api_would_take(values: dict[str, Any]) -> None:
    sent = values | {"procedure_ids": [str(one) for one in values["procedure_ids"]]}

    assert CourseTemplateSchema().load(sent) == values | {"active": True}


def test_a_new_clinic_shows_the_catalogue_as_if_it_had_been_posted(make_clinic: Callable[..., Desk]) -> None:
    desk = make_clinic(catalogue="default")
    procedures = desk.get("/procedures", limit=500).get_json()["items"]
    rules = desk.get("/spacing-rules", limit=500).get_json()["items"]

    shown = [{name: one[name] for name in BY_CODE["REVIEW"]} for one in procedures]
    assert sorted(shown, key=lambda one: list(BY_CODE).index(one["code"])) == list(BY_CODE.values())
    assert len(rules) == len(default_spacing_rules())
    assert [rule["min_days"] for rule in desk.get("/spacing-rules", code="S02").get_json()["items"]] == [28]


def test_a_fully_equipped_clinic_can_offer_every_procedure(make_clinic: Callable[..., Desk]) -> None:
    desk = make_clinic(catalogue="default").at("2027-01-04T08:00:00Z")
    location = desk.made("/locations", **samples.location())["id"]
    for kind in ("consultation", "numbing", "treatment"):
        desk.made("/rooms", **samples.room(location, kind=kind))
    for kind in ("rf", "centrifuge"):
        desk.made("/devices", **samples.device(location, kind=kind))
    doctor = [{"code": code} for code in ("MN_DEEP", "RF_MN", "PRP", "BBP")]
    desk.made("/therapists", **samples.therapist(location, qualifications=doctor))
    desk.made("/therapists", **samples.therapist(location, qualifications=[{"code": "PHLEB"}], treats=False))
    found = {}
    for procedure in desk.get("/procedures").get_json()["items"]:
        asked = {"procedure_id": procedure["id"], "location_id": location, "from_": "2027-01-05"}
        areas = "ABDOMEN" if procedure["choose_areas"] else None
        answer = desk.get("/availability", **asked, until="2027-01-06", areas=areas).get_json()
        first = answer["slots"][0]
        found[procedure["code"]] = (first["starts_at"], first["procedure_at"], first["ends_at"])

    assert len(found) == len(PROCEDURES)
    assert found["MN_FACE_PRP"] == tuple(f"2027-01-05T{at}:00+00:00" for at in ("09:00", "09:45", "10:30"))
    assert found["MN_FACE_STD"] == tuple(f"2027-01-05T{at}:00+00:00" for at in ("09:00", "09:45", "10:25"))
