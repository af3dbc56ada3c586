"""Courses over HTTP: `/v1/courses`."""

from api.blueprints import Blueprint
from api.catalogue import Offer, serve
from booking.courses import COURSE
from schemas.courses import CourseChangeSchema, CourseQuery, CourseSchema

blp = Blueprint(
    "courses",
    "courses",
    url_prefix="/v1/courses",
    description="The sessions that a patient is to have, and how many of them are booked and performed.",
)
serve(
    blp,
    Offer(
        kind=COURSE,
        noun="course",
        plural="courses",
        schema=CourseSchema,
        query=CourseQuery,
        area="appointments",
        changes=CourseChangeSchema,
        fixed=("patient_id", "template_id", "procedure_id"),
        without=frozenset({"delete"}),
    ),
)
