"""The caller of an act: who acts, in which transaction and at which instant; every act takes it first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

# The default of `real_now`, which is then replaced by `now`.
_AS_NOW: Final = datetime.max.replace(tzinfo=UTC)
OVERRIDE_LEVELS: Sequence[str] = ("desk", "therapist", "clinician", "dermatologist")


@dataclass(frozen=True, slots=True)
class Caller:
    """The session, tenant, clocks and author of an act.

    `now` is the clinical clock (aware), which a sandbox may set. `real_now` is the real clock, by which
    slot holds expire; by default it is `now`. `key_id` is None for the command line. `actor` is the person
    who uses a desk's key, and `request_id` the id of the request: both are written to the audit log.
    """

    session: Session
    clinic_id: UUID
    now: datetime
    scopes: frozenset[str] = frozenset({"admin"})
    key_id: UUID | None = None
    actor: str | None = None
    request_id: str | None = None
    publishable: bool = False
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

    def may_override(self, level: str) -> bool:
        """Whether the key may override codes of this level; each level includes the levels before it."""
        rank = OVERRIDE_LEVELS.index(level)
        return any(self.may(f"override:{held}") for held in OVERRIDE_LEVELS[rank:])
