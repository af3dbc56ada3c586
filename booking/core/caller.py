"""Who acts, in which transaction and at what instant: the first argument of every act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

# Stands for the clinical clock until there is one.
_AS_NOW: Final = datetime.max.replace(tzinfo=UTC)
OVERRIDE_LEVELS: Sequence[str] = ("desk", "therapist", "clinician", "dermatologist")


@dataclass(frozen=True, slots=True)
class Caller:
    """One act's session, tenant, clock and author.

    `now` is the clinical clock (aware), which a sandbox may set; `real_now` is the clock on the wall, by
    which holds expire, and without one the same. `key_id` is None for the command line; `actor` is the
    person behind a desk's key, `request_id` the request they came by: both go to the audit log.
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
        """Take the clinical clock for the real one where no other was given."""
        if self.real_now is _AS_NOW:
            object.__setattr__(self, "real_now", self.now)

    def may(self, scope: str) -> bool:
        """Whether the key holds the scope; `admin` holds every one, `x:write` holds `x:read` too."""
        if "admin" in self.scopes or scope in self.scopes:
            return True
        area, _, verb = scope.partition(":")
        return verb == "read" and f"{area}:write" in self.scopes

    def may_override(self, level: str) -> bool:
        """Whether the key may override what needs this level; each level includes those before it."""
        rank = OVERRIDE_LEVELS.index(level)
        return any(self.may(f"override:{held}") for held in OVERRIDE_LEVELS[rank:])
