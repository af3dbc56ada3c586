"""Course templates over HTTP: `/v1/course-templates`."""

from api.blueprints import Blueprint
from api.crud import Offer, serve
from booking.catalogue.course_templates import CourseTemplates
from schemas.course_templates import CourseTemplateQuery, CourseTemplateSchema

blp = Blueprint(
    "course-templates",
    "course-templates",
    url_prefix="/v1/course-templates",
    description="Kinds of courses: their procedures, sessions, spacing, review and maintenance.",
)
serve(blp, Offer(CourseTemplates, CourseTemplateSchema, CourseTemplateQuery))
