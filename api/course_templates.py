"""Course templates over HTTP: `/v1/course-templates`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.course_templates import COURSE_TEMPLATE, select_templates
from schemas.course_templates import CourseTemplateQuery, CourseTemplateSchema

blp = Blueprint(
    "course-templates",
    "course-templates",
    url_prefix="/v1/course-templates",
    description="Kinds of courses: their procedures, sessions, spacing, review and maintenance.",
)
serve(
    blp,
    Offer(
        kind=COURSE_TEMPLATE,
        noun="course template",
        plural="course templates",
        schema=CourseTemplateSchema,
        query=CourseTemplateQuery,
        public=True,
        select=select_templates,
    ),
)
