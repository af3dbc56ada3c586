"""Courses belong to a template or a procedure of their clinic, and change within bounds."""

from collections.abc import Callable

import pytest

from tests.support.cast import (
    NOW,
    UNKNOWN_ID,
    Clinic,
    Made,
    create_clinic,
    create_course,
    create_key,
    create_patient,
    create_template,
    performed,
    pointers,
    shown_course,
)
from tests.support.desk import Desk


def test_a_course_of_a_template_has_its_number_of_sessions(clinic: Clinic) -> None:
    template = create_template(clinic)
    made = create_course(clinic, template_id=template["id"])

    assert (made["sessions"], made["status"], made["version"]) == (3, "planned", 1)
    assert (made["template_id"], made["procedure_id"]) == (template["id"], None)
    assert (made["progress"], made["appointment_ids"]) == ({"performed": 0, "booked": 0}, [])


@pytest.mark.parametrize(
    ("sessions", "status", "found"),
    [(1, 422, ["/sessions"]), (2, 201, []), (4, 201, []), (5, 422, ["/sessions"])],
)
def test_the_sessions_lie_within_the_templates_range(
    clinic: Clinic, sessions: int, status: int, found: list[str]
) -> None:
    body = {"patient_id": clinic.patient["id"], "template_id": create_template(clinic)["id"]}
    answer = clinic.desk.post("/courses", body | {"sessions": sessions})

    errors = answer.get_json().get("errors", [])
    assert (answer.status_code, [one["pointer"] for one in errors]) == (status, found)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"procedure_id": None}, "/template_id"),
        ({"template_id": UNKNOWN_ID}, "/template_id"),
        ({"sessions": 0}, "/sessions"),
        ({"sessions": 51}, "/sessions"),
        ({"sessions": None}, "/sessions"),
        ({"sessions": "3"}, "/sessions"),
        ({"status": "active"}, "/status"),
        ({"progress": {}}, "/progress"),
        ({"patient_id": None}, "/patient_id"),
    ],
)
def test_a_malformed_course_is_refused(clinic: Clinic, fields: Made, pointer: str) -> None:
    body = {"patient_id": clinic.patient["id"], "procedure_id": clinic.procedure["id"], "sessions": 2}
    answer = clinic.desk.post("/courses", body | fields)

    assert pointers(answer) == [pointer]
    assert clinic.desk.get("/courses").get_json()["items"] == []


def test_a_course_of_a_procedure_says_how_many_sessions_it_has(clinic: Clinic) -> None:
    body = {"patient_id": clinic.patient["id"], "procedure_id": clinic.procedure["id"]}

    assert pointers(clinic.desk.post("/courses", body)) == ["/sessions"]


@pytest.mark.parametrize("field", ["patient_id", "template_id", "procedure_id"])
@pytest.mark.parametrize("whose", ["unknown", "foreign"])
def test_an_id_that_is_not_ours_is_404(
    clinic: Clinic, make_clinic: Callable[..., Desk], field: str, whose: str
) -> None:
    other = create_clinic(make_clinic().at(NOW))
    theirs = {
        "patient_id": other.patient["id"],
        "template_id": create_template(other)["id"],
        "procedure_id": other.procedure["id"],
    }
    body = {"patient_id": clinic.patient["id"], "sessions": 2}
    body |= {} if field == "template_id" else {"procedure_id": clinic.procedure["id"]}
    answer = clinic.desk.post("/courses", body | {field: theirs[field] if whose == "foreign" else UNKNOWN_ID})

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert answer.get_json()["errors"][0]["pointer"] == f"/{field}"


@pytest.mark.parametrize("what", ["template", "procedure"])
def test_what_is_retired_takes_no_new_courses(clinic: Clinic, what: str) -> None:
    retired = create_template(clinic) if what == "template" else clinic.procedure
    path = "/course-templates" if what == "template" else "/procedures"
    clinic.desk.patch(f"{path}/{retired['id']}", {"active": False})
    body = {"patient_id": clinic.patient["id"], f"{what}_id": retired["id"], "sessions": 2}
    answer = clinic.desk.post("/courses", body)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "retired")


def test_courses_are_listed_by_patient_status_and_template(clinic: Clinic) -> None:
    template = create_template(clinic)
    other = create_patient(clinic.desk)
    first = create_course(clinic, template_id=template["id"])
    second = create_course(clinic, patient_id=other["id"])
    clinic.desk.patch(f"/courses/{second['id']}", {"status": "cancelled"})

    def listed(**query: str) -> list[str]:
        return [one["id"] for one in clinic.desk.get("/courses", **query).get_json()["items"]]

    assert listed() == [first["id"], second["id"]]
    assert listed(patient_id=other["id"]) == listed(status="cancelled") == [second["id"]]
    assert listed(template_id=template["id"]) == listed(status="planned") == [first["id"]]


def test_another_clinic_finds_no_course(clinic: Clinic, make_clinic: Callable[..., Desk]) -> None:
    course = create_course(clinic)
    other = make_clinic()
    path = f"/courses/{course['id']}"

    assert other.get("/courses").get_json()["items"] == []
    assert (other.get(path).status_code, other.patch(path, {"sessions": 3}).status_code) == (404, 404)
    assert shown_course(clinic, course) == course


def test_a_stale_version_changes_nothing(clinic: Clinic) -> None:
    course = create_course(clinic)
    path = f"/courses/{course['id']}"
    clinic.booked("2027-03-01T10:00:00Z", course_id=course["id"])
    answer = clinic.desk.patch(path, {"status": "cancelled"}, **{"If-Match": '"1"'})

    assert (answer.status_code, shown_course(clinic, course)["status"]) == (412, "active")


def test_a_course_is_never_deleted(clinic: Clinic) -> None:
    answer = clinic.desk.delete(f"/courses/{create_course(clinic)['id']}")

    assert (answer.status_code, answer.headers["Allow"].split(", ").count("DELETE")) == (405, 0)


def test_a_key_needs_the_scope_of_appointments(clinic: Clinic) -> None:
    course = create_course(clinic)
    path = f"/courses/{course['id']}"
    reader = create_key(clinic.desk, "appointments:read")
    stranger = create_key(clinic.desk, "catalog:write")

    assert (reader.get(path).status_code, stranger.get(path).status_code) == (200, 403)
    assert reader.patch(path, {"sessions": 3}).status_code == 403
    assert reader.post("/courses", {}).status_code == 403


def test_a_patient_or_procedure_with_courses_cannot_be_deleted(clinic: Clinic) -> None:
    create_course(clinic)
    paths = (f"/patients/{clinic.patient['id']}", f"/procedures/{clinic.procedure['id']}")

    assert [clinic.desk.delete(path).get_json()["code"] for path in paths] == ["in_use", "in_use"]


@pytest.mark.parametrize("field", ["patient_id", "template_id", "procedure_id"])
def test_what_a_course_is_of_is_fixed(clinic: Clinic, field: str) -> None:
    course = create_course(clinic)
    path = f"/courses/{course['id']}"

    assert clinic.desk.patch(path, {field: course[field]}).get_json()["version"] == 1
    assert pointers(clinic.desk.patch(path, {field: UNKNOWN_ID})) == [f"/{field}"]


@pytest.mark.parametrize("status", ["active", "paused", "lapsed", "completed"])
def test_a_status_can_only_become_cancelled(clinic: Clinic, status: str) -> None:
    course = create_course(clinic)
    path = f"/courses/{course['id']}"

    assert pointers(clinic.desk.patch(path, {"status": status})) == ["/status"]
    assert clinic.desk.patch(path, {"status": "planned"}).get_json()["version"] == 1
    assert clinic.desk.patch(path, {"status": "cancelled"}).get_json()["status"] == "cancelled"


@pytest.mark.parametrize("change", [{"sessions": 3}, {"status": "cancelled"}])
def test_a_course_that_is_over_is_not_changed(clinic: Clinic, change: Made) -> None:
    course = create_course(clinic, sessions=1)
    performed(clinic, "01", course_id=course["id"])
    answer = clinic.desk.patch(f"/courses/{course['id']}", change)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_status")
    assert answer.get_json()["allowed"] == ["planned", "active", "paused", "lapsed"]


def test_the_sessions_of_a_templates_course_stay_within_its_range(clinic: Clinic) -> None:
    course = create_course(clinic, template_id=create_template(clinic)["id"])
    path = f"/courses/{course['id']}"

    assert pointers(clinic.desk.patch(path, {"sessions": 5})) == ["/sessions"]
    assert clinic.desk.patch(path, {"sessions": 4}).get_json()["sessions"] == 4


@pytest.mark.parametrize(
    ("sessions", "code", "status"), [(1, 409, "active"), (2, 200, "completed"), (3, 200, "active")]
)
def test_a_course_is_shortened_to_what_was_performed_and_is_then_complete(
    clinic: Clinic, sessions: int, code: int, status: str
) -> None:
    course = create_course(clinic, sessions=4)
    for day in ("01", "02"):
        performed(clinic, day, course_id=course["id"])
    answer = clinic.desk.patch(f"/courses/{course['id']}", {"sessions": sessions})

    assert answer.status_code == code
    assert shown_course(clinic, course)["status"] == status
