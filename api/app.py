"""The WSGI application: its blueprints, its JSON and what it does before and after each request."""

from collections.abc import Sequence

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider

from api import (
    api_keys,
    app_passwords,
    appointments,
    audit,
    availability,
    blocks,
    booking_tokens,
    calendar_feeds,
    changes,
    clinic,
    conflicts,
    course_templates,
    courses,
    devices,
    disruptions,
    eligibility,
    external_calendars,
    health,
    hold_rules,
    holds,
    locations,
    medical_holds,
    message_templates,
    messages,
    patients,
    procedures,
    recalls,
    rooms,
    schedule,
    spacing_rules,
    special_hours,
    therapists,
    treatments,
    waitlist,
    webhooks,
)
from api.admission import register_admission
from api.blueprints import Blueprint
from api.cors import register_cors
from api.dav import dav
from api.docs import docs
from api.known_keys import KnownKeys
from api.limits import Limits
from api.logs import register_logs
from api.notes import Notes
from api.openapi import make_api, serve_openapi
from api.problems import register_problems
from api.requests import register_requests
from api.shedding import Seats
from api.state import State, keep
from api.visit_pages import visit_pages
from config import Settings
from models.database import Database
from sync.changes.long_poll import Waiting

# One blueprint per resource, in the order of the reference.
BLUEPRINTS: tuple[Blueprint, ...] = (
    clinic.blp,
    locations.blp,
    locations.closures,
    special_hours.of_locations,
    rooms.blp,
    devices.blp,
    therapists.blp,
    special_hours.of_therapists,
    external_calendars.blp,
    blocks.blp,
    procedures.blp,
    spacing_rules.blp,
    hold_rules.blp,
    course_templates.blp,
    patients.blp,
    treatments.blp,
    medical_holds.blp,
    courses.blp,
    recalls.blp,
    availability.blp,
    holds.blp,
    appointments.blp,
    booking_tokens.blp,
    disruptions.blp,
    waitlist.blp,
    eligibility.blp,
    schedule.blp,
    conflicts.blp,
    message_templates.blp,
    messages.blp,
    changes.blp,
    webhooks.blp,
    webhooks.again,
    api_keys.own,
    api_keys.blp,
    calendar_feeds.blp,
    app_passwords.blp,
    audit.blp,
    health.blp,
)


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson, in the order of the schemas."""

    def dumps(self, obj: object, **_kwargs: object) -> str:
        """Render JSON as text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: object) -> object:
        """Read JSON."""
        return orjson.loads(s)

    def response(self, *args: object, **kwargs: object) -> Response:
        """Make the response of one value."""
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


def create_app(settings: Settings, database: Database, blueprints: Sequence[Blueprint] = BLUEPRINTS) -> Flask:
    """Make the WSGI application; it opens no connection until the first request."""
    app = Flask("clinic", static_folder=None)
    app.json = OrjsonProvider(app)
    # A redirect would be an answer in HTML, and no path of ours has two forms.
    app.url_map.merge_slashes = False
    # Flask runs what comes after a request in reverse: the log line is written last.
    register_logs(app)
    register_requests(app)
    register_cors(app)
    register_problems(app)
    keep(app, _state(app, settings, database))
    register_admission(app)
    api = make_api(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs)
    app.register_blueprint(calendar_feeds.calendars)
    app.register_blueprint(visit_pages)
    app.register_blueprint(dav)
    serve_openapi(app, api)
    return app


def _state(app: Flask, settings: Settings, database: Database) -> State:
    return State(
        settings=settings,
        database=database,
        # Long polls take half of the threads at most, so that the others can always serve.
        waiting=Waiting(database, settings.threads // 2),
        notes=Notes(database),
        limits=Limits(app, settings.limits_url),
        seats=Seats(settings.threads),
        known_keys=KnownKeys(),
    )
