"""What happened: the append-only events (the outbox) and the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from models.base import Base, Identified, of_clinic

_STARTS_MESSAGES = "type IN ('appointment.booked', 'appointment.rescheduled', 'appointment.no_show')"


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, which tells a reader which rows are complete."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own signature
        """Name the type in DDL."""
        return "xid8"


class Event(Identified, Base):
    """A fact for change feeds and webhooks, which holds ids, times and codes but never names.

    `notify` is false for an act of which no message goes to the patient; webhooks are sent all the same.
    """

    __tablename__ = "events"
    __table_args__ = (
        of_clinic("events"),
        Index("ix_events_xid", "clinic_id", "xid"),
        Index("ix_events_subject", "clinic_id", "subject_id"),
        Index("ix_events_messages", "clinic_id", "occurred_at", postgresql_where=text(_STARTS_MESSAGES)),
    )

    type: Mapped[str]
    subject_id: Mapped[UUID]
    data: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    notify: Mapped[bool] = mapped_column(server_default="true")
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())


class AuditEntry(Identified, Base):
    """An act: its actor, time and request, with the values before and after it."""

    __tablename__ = "audit_log"
    __table_args__ = (
        of_clinic("audit_log"),
        Index("ix_audit_log_subject", "clinic_id", "subject_id"),
        Index("ix_audit_log_at", "clinic_id", "at", "id"),
    )

    at: Mapped[datetime] = mapped_column(server_default=func.now())
    clinical_at: Mapped[datetime]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    key_id: Mapped[UUID | None]
    actor: Mapped[str | None]
    request_id: Mapped[str | None]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)


class PatientRead(Identified, Base):
    """A patient's record that was shown to somebody; a record of reading, which is no act."""

    __tablename__ = "patient_reads"
    __table_args__ = (
        of_clinic("patient_reads"),
        Index("ix_patient_reads_at", "clinic_id", "at", "id"),
        Index("ix_patient_reads_patient", "clinic_id", "patient_id", "at"),
    )

    at: Mapped[datetime]
    action: Mapped[str]
    patient_id: Mapped[UUID]
    key_id: Mapped[UUID | None]
    actor: Mapped[str | None]
    request_id: Mapped[str | None]
