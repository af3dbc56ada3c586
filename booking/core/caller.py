"""The caller of an act: who acts, in which transaction and at which instant; every act takes it first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from booking.core.errors import OtherLocations

# The default of `real_now`, which is then replaced by `now`.
_AS_NOW: Final = datetime.max.replace(tzinfo=UTC)
OVERRIDE_LEVELS: Sequence[str] = ("desk", "therapist", "clinician", "dermatologist")


@dataclass(frozen=True, slots=True)
class Token:
    """What a widget's visitor has proved: an address, with its patients, or the hold of a link to a visit.

    `id` is that of a booking token, with the `email` or the `phone` that was proved. A link to the visit
    `appointment_id` allows `actions` on it.
    """

    patient_ids: frozenset[UUID]
    id: UUID | None = None
    email: str | None = None
    phone: str | None = None
    appointment_id: UUID | None = None
    actions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """The session, tenant, clocks and author of an act.

    `now` is the clinical clock (aware), which a sandbox may set. `real_now` is the real clock, by which
    slot holds expire; by default it is `now`. `key_id` is None for the command line. `actor` is the person
    who uses a desk's key, and `request_id` the id of the request: both are written to the audit log.
    A `publishable` caller is a widget; `visitor` names the person before it, and `token` is what that person
    has proved.
    """

    session: Session
    clinic_id: UUID
    now: datetime
    scopes: frozenset[str] = frozenset({"admin"})
    key_id: UUID | None = None
    actor: str | None = None
    request_id: str | None = None
    publishable: bool = False
    token: Token | None = None
    visitor: str | None = None
    location_ids: frozenset[UUID] | None = None
    real_now: datetime = _AS_NOW

    def __post_init__(self) -> None:
        """Set the real clock to the clinical clock when none was given."""
        if self.real_now is _AS_NOW:
            object.__setattr__(self, "real_now", self.now)

    def may(self, scope: str) -> bool:
        """Whether the key has the scope: `admin` includes every scope, and `x:write` includes `x:read`."""
        if "admin" in self.scopes or scope in self.scopes:
            return True
        area, _, verb = scope.partition(":")
        return verb == "read" and f"{area}:write" in self.scopes

    def acts_for(self, patient_id: UUID | None) -> bool:
        """Whether the caller may see a patient's visits: a widget only with a token of that patient."""
        return not self.publishable or (self.token is not None and patient_id in self.token.patient_ids)

    def sees_visit(self, appointment_id: UUID, patient_id: UUID | None, location_id: UUID) -> bool:
        """Whether the caller may see a visit: of its locations, its token's patients, its link."""
        here = self.location_ids is None or location_id in self.location_ids
        linked = self.token is None or self.token.appointment_id in {None, appointment_id}
        return here and linked and self.acts_for(patient_id)

    def require_every_location(self, detail: str | None = None) -> None:
        """Refuse a key of some locations what concerns others too; OtherLocations says why."""
        if self.location_ids is not None:
            raise OtherLocations(detail)

    def may_override(self, level: str) -> bool:
        """Whether the key may override codes of this level; each level includes the levels before it."""
        rank = OVERRIDE_LEVELS.index(level)
        return any(self.may(f"override:{held}") for held in OVERRIDE_LEVELS[rank:])
