"""Messages to patients: the clinic's wording of each kind, and the messages that are due or were sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, Versioned, belongs_to, of_clinic

MESSAGE_KINDS = (
    "confirmation", "screening_14d", "preparation_7d", "reminder_2d", "screening_1d", "reminder_2h",
    "aftercare", "aftercare_1d", "aftercare_3d", "aftercare_7d", "aftercare_14d", "next_session_28d",
    "review_84d", "no_show", "no_show_1d",
    "maintenance_opens", "maintenance_nudge", "maintenance_last_call",
)  # fmt: skip


class MessageTemplate(Versioned, Base):
    """The words of a kind of message, with placeholders in braces."""

    __tablename__ = "message_templates"
    __table_args__ = (
        of_clinic("message_templates"),
        UniqueConstraint("clinic_id", "kind", name="uq_message_templates_kind"),
        CheckConstraint(f"kind IN {MESSAGE_KINDS}", name="ck_message_templates_kind"),
    )

    kind: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    active: Mapped[bool]


class MessageDispatch(Identified, Base):
    """A message that has become due; `anchor_at` is the instant that it counts from.

    It has no words and no names: those are made of the template, the visit and the patient when it is
    sent. While it is `sending`, `next_at` is when its sender counts as lost; otherwise when to try.
    """

    __tablename__ = "message_dispatches"
    __table_args__ = (
        belongs_to("message_dispatches", "appointments", "appointment_id", cascade=True),
        UniqueConstraint(
            "clinic_id", "appointment_id", "kind", "anchor_at", name="uq_message_dispatches_moment"
        ),
        CheckConstraint(f"kind IN {MESSAGE_KINDS}", name="ck_message_dispatches_kind"),
        CheckConstraint(
            "status IN ('due', 'sending', 'sent', 'failed', 'cancelled')",
            name="ck_message_dispatches_status",
        ),
        CheckConstraint("(sent_at IS NOT NULL) = (status = 'sent')", name="ck_message_dispatches_sent"),
        Index(
            "ix_message_dispatches_next",
            "clinic_id",
            "next_at",
            postgresql_where=text("status IN ('due', 'sending')"),
        ),
    )

    appointment_id: Mapped[UUID]
    kind: Mapped[str]
    anchor_at: Mapped[datetime]
    due_at: Mapped[datetime]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(SmallInteger)
    next_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
