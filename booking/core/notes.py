"""Writes what requests note in passing: which accesses were used, and whose records were read."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from models import ApiKey, AppPassword, CalendarFeed

USE_NOTED_EVERY: Final = timedelta(hours=1)
"""The last use of an access is noted no more often."""
_ACCESSES: Final[Mapping[str, Any]] = {one.__tablename__: one for one in (ApiKey, AppPassword, CalendarFeed)}


def write_uses(session: Session, clinic_id: UUID, uses: Mapping[tuple[str, UUID], datetime]) -> None:
    """Write when accesses, each by its table and id, were used last; it is no change of their versions."""
    # In one order, so that two processes that note the same keys cannot wait for each other.
    for (table, id_), at in sorted(uses.items()):
        access = _ACCESSES[table]
        long_ago = or_(access.last_used_at.is_(None), access.last_used_at < at - USE_NOTED_EVERY)
        noted = update(access).where(access.clinic_id == clinic_id, access.id == id_, long_ago)
        session.execute(noted.values(last_used_at=at, updated_at=access.updated_at))
