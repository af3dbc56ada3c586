"""Which appointments changed in which transaction, for the change feed and the calendars that follow it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, of_clinic
from models.events import Xid8


class Change(Tenant, Base):
    """An appointment's newest change as a scope sees it; a trigger of the database writes it at commit.

    Scopes are the clinic, a location, a patient, a therapist (leading or assisting), a room or a device.
    When `present` is false, the appointment has left the scope or is gone.
    """

    __tablename__ = "changes"
    __table_args__ = (
        of_clinic("changes"),
        Index("ix_changes_xid", "clinic_id", "scope_id", "xid", "appointment_id"),
    )

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope_id: Mapped[UUID] = mapped_column(primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
    present: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
