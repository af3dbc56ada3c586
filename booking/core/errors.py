"""The errors that can stop an act, each with a stable code; the API maps the classes to HTTP."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

from scheduling.reasons import Refusal


class DomainError(Exception):
    """The act cannot be carried out."""

    code: ClassVar[str] = "error"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or type(self).__doc__)


class NotFound(DomainError):
    """No such object in this clinic."""

    code = "not_found"

    def __init__(self, what: str, pointer: str | None = None) -> None:
        super().__init__(f"No such {what}.")
        self.pointer = pointer


class Invalid(DomainError):
    """The request is malformed."""

    code = "invalid"

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer.lstrip('/').replace('/', '.') or 'body'}: {message}")
        self.pointer = pointer
        self.message = message


@contextmanager
def pointing_into(root: str) -> Iterator[None]:
    """Let errors about a part of a body, which stands at a pointer, point there from the body's root."""
    try:
        yield
    except (Invalid, NotFound) as error:
        if error.pointer is not None:
            error.pointer = f"{root}{error.pointer}"
        raise


class InUse(DomainError):
    """The object is in use; retire it with active: false instead."""

    code = "in_use"

    def __init__(self, detail: str | None = None, appointment_ids: Iterable[UUID] = ()) -> None:
        super().__init__(detail)
        self.appointment_ids = tuple(appointment_ids)


class AlreadyExists(DomainError):
    """Another object of this clinic already has this code."""

    code = "already_exists"


class Refused(DomainError):
    """A rule or the present state refuses the visit."""

    code = "refused"

    def __init__(
        self,
        refusals: Iterable[Refusal],
        alternatives: Sequence[Mapping[str, object]] = (),
        by_visit: Mapping[int, Sequence[Refusal]] | None = None,
        near: Mapping[int, Sequence[Mapping[str, object]]] = MappingProxyType({}),
        detail: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.refusals = tuple(refusals)
        self.alternatives = tuple(alternatives)
        self.by_visit = by_visit
        self.near = near


class WrongStatus(DomainError):
    """The status does not allow this action."""

    code = "wrong_status"

    def __init__(self, allowed: Sequence[str], detail: str | None = None) -> None:
        super().__init__(detail)
        self.allowed = tuple(allowed)


class CourseFull(DomainError):
    """The course has fewer sessions left than that."""

    code = "course_full"


class StaleVersion(DomainError):
    """The object has changed since you read it."""

    code = "stale"

    def __init__(self, appointment_ids: Iterable[UUID] = ()) -> None:
        super().__init__()
        self.appointment_ids = tuple(appointment_ids)


class VersionRequired(DomainError):
    """Say which version you change: send If-Match or the body's version."""

    code = "version_required"


class MissingScope(DomainError):
    """The key lacks the scope for this."""

    code = "missing_scope"


class OtherLocations(DomainError):
    """A key of some locations changes nothing that other locations share."""

    code = "other_locations"


class LastAdminKey(DomainError):
    """The clinic would keep no key with `admin` that sees every location and never expires."""

    code = "last_admin_key"


class Retired(DomainError):
    """This procedure or location is retired and takes no new bookings."""

    code = "retired"


class WrongDay(DomainError):
    """The visit is on another day; move it first."""

    code = "wrong_day"

    def __init__(
        self, detail: str | None = None, alternatives: Sequence[Mapping[str, object]] | None = None
    ) -> None:
        super().__init__(detail)
        self.alternatives = alternatives


class TooEarly(DomainError):
    """It is too early for this action."""

    code = "too_early"


class HoldExpired(DomainError):
    """The hold has expired; its time is free again."""

    code = "hold_expired"


class HoldConverted(DomainError):
    """The hold has become an appointment, of the same id."""

    code = "hold_converted"


class HoldExtended(DomainError):
    """The hold has been extended before, which is allowed once."""

    code = "hold_extended"


class CursorExpired(DomainError):
    """The cursor leads nowhere any more: begin again without one."""

    code = "cursor_expired"


class Merged(DomainError):
    """The patient was merged into another, who has everything now."""

    code = "merged"

    def __init__(self, into: UUID) -> None:
        super().__init__()
        self.into = into


class Anonymised(DomainError):
    """The patient was anonymised: nobody is known any more for whom this could be done."""

    code = "anonymised"


class HasVisits(DomainError):
    """The patient has visits that are to come or not closed; cancel or complete them first."""

    code = "has_visits"

    def __init__(self, appointment_ids: Iterable[UUID] = ()) -> None:
        super().__init__()
        self.appointment_ids = tuple(appointment_ids)


class RetryLater(DomainError):
    """There were too many of these; try again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class TooManyHolds(RetryLater):
    """There are as many live holds at this location as may be; book, release or wait for one of them."""

    code = "too_many_holds"


class TooManyCodes(RetryLater):
    """As many codes were sent within an hour as may be."""

    code = "too_many_codes"


class ChannelUnavailable(DomainError):
    """Nothing here sends codes to such an address; try the other kind."""

    code = "channel_unavailable"


class CodeExpired(DomainError):
    """The code was used, tried too often or replaced, or its time is over; ask for another."""

    code = "code_expired"


class TokenRequired(DomainError):
    """A widget needs a booking token for this."""

    code = "booking_token_required"


class TooManyOnline(DomainError):
    """The patient has as many visits to come as may be booked online."""

    code = "too_many_online"


class TooLateOnline(DomainError):
    """It is too late to move the visit online; the clinic can still do it."""

    code = "too_late_online"


class SeveralCalendars(DomainError):
    """The address leads to several calendars: send the URL of each that is meant."""

    code = "several_calendars"

    def __init__(self, choices: Sequence[Mapping[str, str]]) -> None:
        super().__init__()
        self.choices = tuple(choices)


class NoSlot(DomainError):
    """There is no slot within the location's horizon."""

    code = "no_slot"

    def __init__(self, refusals: Sequence[Refusal] = ()) -> None:
        super().__init__()
        self.refusals = tuple(refusals)
