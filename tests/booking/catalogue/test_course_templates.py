"""Course templates: numbers in order, a spacing of their own, and a code that courses fix."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from booking.questions.catalog import load_catalog
from models.database import Database
from scheduling.rulebook import CourseTemplate
from tests.support import samples
from tests.support.callers import caller_in
from tests.support.catalogue_cast import Cast, Rows
from tests.support.refusals import refused_pointers
from tests.support.widgets import ORIGIN, create_widget

SPACING = {"floor_days": 7, "min_days": 14}
WHOLE = {"code": "FACES", "recommended_days": None, "overdue_days": None, "override_by": None} | SPACING
RULES = "SELECT id::text, code, floor_days, min_days, active, after, before FROM spacing_rules"


def create_template(cast: Cast, **fields: Any) -> dict[str, Any]:
    return cast.desk.made("/course-templates", **samples.course_template(cast.procedure["id"], **fields))


def create_course(cast: Cast, template: dict[str, Any]) -> dict[str, Any]:
    return cast.desk.made("/courses", **samples.course(cast.patient["id"], template_id=template["id"]))


def path_of(template: dict[str, Any]) -> str:
    return f"/course-templates/{template['id']}"


def test_a_template_needs_a_code_a_name_a_procedure_and_a_number(cast: Cast) -> None:
    body = {"code": "FACES", "name": "Faces", "procedure_ids": [cast.procedure["id"]], "sessions": 3}
    made = cast.desk.made("/course-templates", **body)

    assert (made["min_sessions"], made["max_sessions"], made["active"]) == (1, 50, True)
    optional = ("spacing", "review_days", "maintenance_opens_months", "maintenance_closes_months")
    assert [made[name] for name in optional] == [None] * 4


BAD = [
    ({"sessions": 0}, "/sessions"),
    ({"sessions": 51, "max_sessions": 50}, "/sessions"),
    ({"min_sessions": 5}, "/min_sessions"),
    ({"max_sessions": 3}, "/max_sessions"),
    ({"max_sessions": 51}, "/max_sessions"),
    ({"procedure_ids": []}, "/procedure_ids"),
    ({"procedure_ids": ["face"]}, "/procedure_ids/0"),
    ({"code": " "}, "/code"),
    ({"review_days": 0}, "/review_days"),
    ({"maintenance_opens_months": 6}, "/maintenance_closes_months"),
    ({"maintenance_closes_months": 12}, "/maintenance_opens_months"),
    ({"maintenance_opens_months": 6, "maintenance_closes_months": 6}, "/maintenance_closes_months"),
    ({"maintenance_opens_months": 6, "maintenance_closes_months": 61}, "/maintenance_closes_months"),
    ({"spacing": {"floor_days": 7}}, "/spacing/min_days"),
    ({"spacing": SPACING | {"floor_days": 15}}, "/spacing/min_days"),
    ({"spacing": SPACING | {"recommended_days": 13}}, "/spacing/recommended_days"),
    ({"spacing": SPACING | {"overdue_days": 13}}, "/spacing/overdue_days"),
    ({"spacing": SPACING | {"override_by": "nobody"}}, "/spacing/override_by"),
    ({"spacing": SPACING | {"scope": "area"}}, "/spacing/scope"),
]


@pytest.mark.parametrize(("fields", "pointer"), BAD)
def test_a_malformed_template_is_refused(cast: Cast, fields: dict[str, Any], pointer: str) -> None:
    body = samples.course_template(cast.procedure["id"], **fields)

    assert refused_pointers(cast, "/course-templates", body) == [pointer]


@pytest.mark.parametrize("whose", ["unknown", "foreign"])
def test_every_procedure_must_be_the_clinics(cast: Cast, make_cast: Callable[[], Cast], whose: str) -> None:
    wrong = make_cast().procedure["id"] if whose == "foreign" else str(uuid4())
    ids = [cast.procedure["id"], wrong]
    answer = cast.desk.post("/course-templates", samples.course_template(ids[0], procedure_ids=ids))

    assert answer.status_code == 404
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/procedure_ids/1"]


def test_a_code_is_taken_once_in_a_clinic(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    create_template(cast)
    answer = cast.desk.post("/course-templates", samples.course_template(cast.procedure["id"]))

    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_exists")
    assert create_template(make_cast())["code"] == "FACES"


def test_templates_are_listed_by_code_activity_and_procedure(cast: Cast) -> None:
    other = cast.desk.made("/procedures", **samples.procedure(code="OTHER"))
    both = create_template(cast, procedure_ids=[cast.procedure["id"], other["id"]])
    retired = create_template(cast, code="OLD", active=False)

    def listed(**query: str) -> list[str]:
        return [one["id"] for one in cast.desk.get("/course-templates", **query).get_json()["items"]]

    assert listed(code="FACES") == listed(active="true") == [both["id"]]
    assert listed(procedure_id=other["id"]) == [both["id"]]
    assert listed(procedure_id=cast.procedure["id"]) == [both["id"], retired["id"]]
    assert listed(procedure_id=str(uuid4())) == []


def test_a_widget_sees_no_template_and_no_course(cast: Cast) -> None:
    made = create_template(cast)
    widget = create_widget(cast.desk, "catalog:read")
    sent = {"Origin": ORIGIN}

    assert widget.request("GET", path_of(made), sent).status_code == 403
    assert widget.request("PATCH", path_of(made), sent, json={"name": "X"}).status_code == 403
    assert widget.request("GET", "/courses", sent).status_code == 403


def test_a_change_is_judged_together_with_what_stays(cast: Cast) -> None:
    made = create_template(cast, maintenance_opens_months=6, maintenance_closes_months=12)
    tried = ({"sessions": 7}, {"min_sessions": 5}, {"maintenance_opens_months": None})

    assert [cast.desk.patch(path_of(made), change).status_code for change in tried] == [422] * 3
    assert cast.desk.patch(path_of(made), {"sessions": 7, "max_sessions": 7}).status_code == 200


def test_the_code_is_fixed_once_there_are_courses(cast: Cast) -> None:
    made = create_template(cast)
    renamed = cast.desk.patch(path_of(made), {"code": "FACE_SERIES"})
    create_course(cast, made)
    answer = cast.desk.patch(path_of(made), {"code": "FACES"})

    assert renamed.get_json()["code"] == "FACE_SERIES"
    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert cast.desk.patch(path_of(made), {"code": "FACE_SERIES", "name": "X"}).status_code == 200


def test_a_template_with_courses_cannot_be_deleted(cast: Cast) -> None:
    made = create_template(cast, spacing=SPACING)
    create_course(cast, made)
    answer = cast.desk.delete(path_of(made))

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_use")
    assert cast.desk.get(path_of(made)).get_json()["spacing"] == WHOLE


def test_a_procedure_in_a_template_cannot_be_deleted(cast: Cast) -> None:
    made = create_template(cast)
    kept = cast.desk.delete(f"/procedures/{cast.procedure['id']}")
    cast.desk.delete(path_of(made))

    assert (kept.status_code, kept.get_json()["code"]) == (409, "in_use")
    assert cast.desk.delete(f"/procedures/{cast.procedure['id']}").status_code == 204


def test_a_spacing_is_named_by_its_template_unless_it_has_a_code(cast: Cast) -> None:
    made = create_template(cast, spacing=SPACING)
    named = cast.desk.patch(path_of(made), {"spacing": SPACING | {"code": "S09"}}).get_json()

    assert made["spacing"] == WHOLE
    assert named["spacing"] == WHOLE | {"code": "S09"}


def test_the_same_spacing_is_no_new_version(cast: Cast) -> None:
    made = create_template(cast, spacing=SPACING)

    assert cast.desk.patch(path_of(made), {"spacing": SPACING}).get_json()["version"] == 1
    assert cast.desk.patch(path_of(made), {"spacing": made["spacing"]}).get_json()["version"] == 1


def test_a_spacing_is_one_row_that_stays(cast: Cast, rows: Rows) -> None:
    made = create_template(cast, spacing=SPACING)
    ((first, *_),) = rows(cast.desk, RULES)
    for spacing in (SPACING | {"min_days": 21}, None, SPACING):
        cast.desk.patch(path_of(made), {"spacing": spacing})
        ((kept, *_, active, _, _),) = rows(cast.desk, RULES)

        assert (kept, active) == (first, spacing is not None)
        shown = cast.desk.get(path_of(made)).get_json()["spacing"]
        assert shown == (None if spacing is None else WHOLE | spacing)


def test_a_spacing_matches_the_template_by_its_present_code(cast: Cast, rows: Rows) -> None:
    made = create_template(cast, spacing=SPACING)
    cast.desk.patch(path_of(made), {"code": "SERIES"})
    ((*_, after, before),) = rows(cast.desk, RULES)

    assert after == before
    assert after == {"family": None, "procedure": None, "event": None, "template": "SERIES", "areas": []}


def test_a_template_that_is_deleted_takes_its_spacing_along(cast: Cast, rows: Rows) -> None:
    cast.desk.delete(path_of(create_template(cast, spacing=SPACING)))

    assert rows(cast.desk, RULES) == []


def test_a_templates_spacing_is_no_spacing_rule(cast: Cast, rows: Rows) -> None:
    create_template(cast, spacing=SPACING)
    ((rule_id, *_),) = rows(cast.desk, RULES)
    path = f"/spacing-rules/{rule_id}"

    assert cast.desk.get("/spacing-rules").get_json()["items"] == []
    answers = [cast.desk.get(path), cast.desk.patch(path, {"min_days": 30}), cast.desk.delete(path)]
    assert [answer.status_code for answer in answers] == [404] * 3


CLAIM = """
    INSERT INTO spacing_claims (clinic_id, id, appointment_id, patient_id, rule_id, area, role, owner, span)
    SELECT a.clinic_id, gen_random_uuid(), a.id, a.patient_id, r.id, 'FACE', 'after', a.id,
           daterange(a.local_date, a.local_date + r.floor_days)
    FROM appointments a, spacing_rules r
"""
SPANS = "SELECT upper(span) - lower(span) FROM spacing_claims"


@pytest.mark.parametrize(
    ("spacing", "spans"),
    [
        (SPACING | {"floor_days": 6}, [(6,)]),
        (SPACING | {"floor_days": 8}, [(7,)]),
        (SPACING | {"floor_days": 0}, []),
        (None, []),
    ],
)
def test_proofs_shrink_with_the_floor(
    cast: Cast, database: Database, rows: Rows, spacing: dict[str, int] | None, spans: list[tuple[int]]
) -> None:
    made = create_template(cast, spacing=SPACING)
    cast.book("2027-02-01T10:00:00Z")
    with database.transaction(cast.desk.clinic_id) as session:
        session.connection().exec_driver_sql(CLAIM)
    cast.desk.patch(path_of(made), {"spacing": spacing})

    assert rows(cast.desk, SPANS) == spans


def test_a_change_of_spacing_looks_at_the_visits_of_the_templates_courses(cast: Cast) -> None:
    rule = samples.spacing_rule(floor_days=0, min_days=28)
    made = create_template(cast)
    course = create_course(cast, made)
    pair = [
        cast.desk.made("/appointments", **body)
        for body in (
            {
                "procedure_id": cast.procedure["id"],
                "location_id": cast.location["id"],
                "patient_id": cast.patient["id"],
                "starts_at": f"2027-02-{day}T10:00:00Z",
                "course_id": course["id"],
            }
            for day in ("01", "15")
        )
    ]
    cast.desk.made("/spacing-rules", **rule)
    spacing = SPACING | {"min_days": 21}
    changed = cast.desk.patch(path_of(made), {"spacing": spacing}).get_json()
    same_days = {"spacing": spacing | {"recommended_days": 30}}

    assert changed["affected"] == [pair[1]["id"]]
    assert cast.desk.patch(path_of(made), same_days).get_json()["affected"] == []


def test_the_engines_catalogue_has_the_templates(cast: Cast, database: Database) -> None:
    create_template(cast, spacing=SPACING, maintenance_opens_months=6, maintenance_closes_months=12)
    with database.transaction(cast.desk.clinic_id) as session:
        catalog = load_catalog(caller_in(session, cast.desk.clinic_id)).engine
    (template,) = catalog.course_templates.values()

    (procedure_id,) = catalog.procedures
    assert template == CourseTemplate("FACES", (procedure_id,), 4, 6, 12)
