"""Answers a CalDAV request about a home, method by method (RFC 4918 and 4791)."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from dav.calendars import Calendar, ForbiddenError, Home, Item, PreconditionFailedError
from dav.dates import http_date
from dav.multistatus import Multistatus, Wanted, error_body
from dav.names import c, d
from dav.paths import Paths, Resource
from dav.properties import Properties, of_calendar, of_home, of_item, of_root
from dav.property_changes import change_properties
from dav.reports import refused, report
from dav.requests import MalformedError, Request, changed_by, wanted_by
from dav.responses import Response, calendar_text, multistatus, plain, xml

CLASSES: Final = "1, 3, calendar-access"
METHODS: Final = (
    "OPTIONS", "GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT", "PUT", "DELETE", "MKCALENDAR", "MKCOL",
)  # fmt: skip
_EVERYWHERE: Final = ("OPTIONS", "PROPFIND", "PROPPATCH")
# Where these cannot be done, they are refused by a precondition, which says more than 405.
_REFUSED_BY_NAME: Final = frozenset({"REPORT", "MKCALENDAR", "MKCOL"})


def answer(request: Request, home: Home, prefix: str) -> Response:
    """Answer a request of the home's owner; paths begin with `prefix`, which ends in a slash.

    The calendars do their own reading and writing, in the transaction that they were made for.
    """
    paths = Paths(prefix, home)
    resource = paths.resource(request.path)
    try:
        return _answer(paths, resource, request)
    except ForbiddenError as error:
        return refused(error)
    except PreconditionFailedError:
        return plain(HTTPStatus.PRECONDITION_FAILED, "The object has changed since you read it.\n")
    except MalformedError as error:
        return plain(HTTPStatus.BAD_REQUEST, f"{error}\n")


def _answer(paths: Paths, resource: Resource | None, request: Request) -> Response:
    if request.method in {"MKCALENDAR", "MKCOL"}:
        raise ForbiddenError(_why_not_made(paths, resource))
    if resource is None:
        return plain(HTTPStatus.NOT_FOUND, "There is no such calendar.\n")
    if request.method not in (*_allowed(resource), *_REFUSED_BY_NAME):
        allow = ", ".join(_allowed(resource))
        return plain(HTTPStatus.METHOD_NOT_ALLOWED, "Not here.\n", Allow=allow)
    return _METHODS[request.method](paths, resource, request)


def _why_not_made(paths: Paths, resource: Resource | None) -> str:
    """Name the precondition by which no calendar can be made here (RFC 4791, 5.3.1.1)."""
    exists = resource is not None and _properties(paths, resource) is not None
    return d("resource-must-be-null") if exists else c("calendar-collection-location-ok")


def _options(_paths: Paths, resource: Resource, _request: Request) -> Response:
    return Response(HTTPStatus.OK, {"DAV": CLASSES, "Allow": ", ".join(_allowed(resource))})


def _allowed(resource: Resource) -> tuple[str, ...]:
    """Give the methods of a resource; those of an object that does not exist are those it would have."""
    if resource.calendar is None:
        return _EVERYWHERE
    if resource.name is None:
        return (*_EVERYWHERE, "REPORT")
    writing = ("PUT", "DELETE") if resource.calendar.writable else ()
    return ("GET", "HEAD", *_EVERYWHERE, *writing)


def _propfind(paths: Paths, resource: Resource, request: Request) -> Response:
    wanted = wanted_by(request)
    result = Multistatus(wanted)
    own = _properties(paths, resource)
    if own is None:
        return plain(HTTPStatus.NOT_FOUND, "There is no such object.\n")
    if request.depth not in {"0", "1", "infinity"}:
        raise MalformedError("The Depth is 0 or 1.")
    # RFC 4918 (9.1) allows a server to refuse to list a whole tree; an entrance holds nothing.
    if request.depth == "infinity" and resource.name is None and resource.entrance is None:
        return xml(HTTPStatus.FORBIDDEN, error_body(d("propfind-finite-depth")))
    result.add(paths.of_resource(resource), own)
    if request.depth == "1":
        _add_children(paths, resource, result)
    return multistatus(result)


def _properties(paths: Paths, resource: Resource) -> Properties | None:
    if resource.calendar is None:
        return of_home(paths) if resource.in_home else of_root(paths)
    if resource.name is None:
        return of_calendar(paths, resource.calendar)
    item = _item(resource.calendar, resource.name)
    return None if item is None else of_item(paths, item)


def _add_children(paths: Paths, resource: Resource, result: Multistatus) -> None:
    if resource.entrance is not None:
        return
    if resource.calendar is None and not resource.in_home:
        result.add(paths.of_home(), of_home(paths))
    elif resource.calendar is None:
        for calendar in resource.home.calendars:
            result.add(paths.of(calendar), of_calendar(paths, calendar))
    elif resource.name is None:
        for item in resource.calendar.items():
            result.add(paths.of(resource.calendar, item.name), of_item(paths, item))


def _item(calendar: Calendar, name: str) -> Item | None:
    return next(iter(calendar.items({name})), None)


def _proppatch(paths: Paths, resource: Resource, request: Request) -> Response:
    if _properties(paths, resource) is None:
        return plain(HTTPStatus.NOT_FOUND, "There is no such object.\n")
    calendar = resource.calendar if resource.name is None else None
    result = Multistatus(Wanted())
    result.changed(paths.of_resource(resource), change_properties(calendar, changed_by(request.body)))
    return multistatus(result)


def _report(paths: Paths, resource: Resource, request: Request) -> Response:
    if resource.calendar is None or resource.name is not None:
        raise ForbiddenError(d("supported-report"))
    return report(paths, resource.calendar, request)


def _get(_paths: Paths, resource: Resource, request: Request) -> Response:
    item = _item(*_object(resource))
    if item is None:
        return plain(HTTPStatus.NOT_FOUND, "There is no such object.\n")
    if request.conditions.held_by(item.etag):
        return Response(HTTPStatus.NOT_MODIFIED, {"ETag": item.etag})
    return calendar_text(item.render(), ETag=item.etag, Last_Modified=http_date(item.modified))


def _put(paths: Paths, resource: Resource, request: Request) -> Response:
    calendar, name = _object(resource)
    media_type = request.headers.get("content-type", "text/calendar").partition(";")[0].strip().lower()
    if media_type != "text/calendar":
        raise ForbiddenError(c("supported-calendar-data"))
    if len(request.body) > calendar.largest:
        raise ForbiddenError(c("max-resource-size"))
    try:
        etag, new = calendar.put(name, request.body, request.conditions)
    except ForbiddenError as error:
        # A calendar knows the object that has the UID by its name only; the answer needs its href.
        href = None if error.href is None else paths.of(calendar, error.href)
        raise ForbiddenError(error.element, href) from None
    return Response(HTTPStatus.CREATED if new else HTTPStatus.NO_CONTENT, {"ETag": etag})


def _delete(_paths: Paths, resource: Resource, request: Request) -> Response:
    calendar, name = _object(resource)
    if calendar.delete(name, request.conditions):
        return Response(HTTPStatus.NO_CONTENT)
    return plain(HTTPStatus.NOT_FOUND, "There is no such object.\n")


def _object(resource: Resource) -> tuple[Calendar, str]:
    """Give the calendar and the name of an object: methods of objects are allowed at objects alone."""
    if resource.calendar is None or resource.name is None:
        raise ForbiddenError(c("valid-calendar-object-resource"))
    return resource.calendar, resource.name


_METHODS: Final[Mapping[str, Callable[[Paths, Resource, Request], Response]]] = {
    "OPTIONS": _options,
    "PROPFIND": _propfind,
    "PROPPATCH": _proppatch,
    "REPORT": _report,
    "GET": _get,
    # The HTTP server leaves out the body of an answer to HEAD.
    "HEAD": _get,
    "PUT": _put,
    "DELETE": _delete,
}
