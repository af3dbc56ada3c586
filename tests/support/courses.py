"""Act on courses as the desk and the nightly work do."""

from typing import Any

from werkzeug.test import TestResponse

from booking.courses.states import lapse_due
from models.database import Database
from tests.support.cast import Clinic, Made, create_course, create_rule, instant, performed
from tests.support.worker import as_worker


def act_on_course(
    clinic: Clinic, course: Made, action: str, body: Made | None = None, **headers: str
) -> TestResponse:
    """Take an action on a course."""
    return clinic.desk.post(f"/courses/{course['id']}/{action}", body, **headers)


def lapse_courses(database: Database, clinic: Clinic, on: str) -> int:
    """Lapse courses as at three on a morning of London's summer; give the number of lapsed courses."""
    return as_worker(database, clinic.desk, lapse_due, instant(f"{on}T03:00:00+01:00"))


def create_unfinished_course(clinic: Clinic, **rule: Any) -> Made:
    """Create a course of three sessions under rule S02, and perform its first session on 1 March."""
    create_rule(clinic.desk, **rule)
    course = create_course(clinic, sessions=3)
    performed(clinic, "01", course_id=course["id"])
    return course
