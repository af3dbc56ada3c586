"""Webhooks: the endpoints to which a clinic has its events sent, and each delivery to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, Versioned, belongs_to, of_clinic

EVENT_TYPES: Sequence[str] = (
    "appointment.booked", "appointment.rescheduled", "appointment.confirmed", "appointment.arrived",
    "appointment.started", "appointment.completed", "appointment.cancelled", "appointment.no_show",
    "appointment.reassigned", "appointment.overridden", "appointment.flagged", "appointment.corrected",
    "hold.created",
    "hold.expired", "hold.released", "waitlist.offered", "course.lapsed", "maintenance.due", "message.due",
    "busy_block.conflicting", "patient.created", "patient.changed", "patient.merged",
    "patient.anonymised", "catalogue.changed", "external_calendar.changed",
)  # fmt: skip
"""The events that an endpoint can ask for."""
PING = "ping"
"""The type of a message that is sent on demand to try an endpoint, even if it did not ask for it."""


class WebhookEndpoint(Versioned, Base):
    """A URL and the events that are sent to it.

    The secret is stored as it is, since it signs every message. The previous secret signs beside it until
    `previous_until`. `failing_since` is when the first attempt failed since the last success, `timeouts`
    how many attempts in a row ran out of time; nothing is tried until `resting_until`.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        of_clinic("webhook_endpoints"),
        CheckConstraint("cardinality(events) > 0", name="ck_webhook_endpoints_events"),
        CheckConstraint(
            "(disabled_at IS NULL) = (disabled_reason IS NULL) AND NOT (active AND disabled_at IS NOT NULL)",
            name="ck_webhook_endpoints_disabled",
        ),
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)", name="ck_webhook_endpoints_previous"
        ),
    )

    url: Mapped[str]
    events: Mapped[list[str]]
    description: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default="true")
    secret: Mapped[str]
    previous_secret: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    timeouts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    resting_until: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class WebhookDelivery(Identified, Base):
    """An event on its way to an endpoint; without an event it is a ping.

    The lease of its sender ends at `leased_until`; after that the sender counts as lost. `tries` counts
    the failed attempts since it was last queued, `attempts` says what came of the latest attempts.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        belongs_to("webhook_deliveries", "webhook_endpoints", "endpoint_id", cascade=True),
        belongs_to("webhook_deliveries", "events", "event_id"),
        CheckConstraint(
            "status IN ('pending', 'delivered', 'failed')", name="ck_webhook_deliveries_status"
        ),
        CheckConstraint("(event_id IS NULL) = (type = 'ping')", name="ck_webhook_deliveries_ping"),
        CheckConstraint(
            "(next_attempt_at IS NOT NULL) = (status = 'pending')", name="ck_webhook_deliveries_next"
        ),
        Index("ix_webhook_deliveries_due", "clinic_id", "endpoint_id", "next_attempt_at", "id",
              postgresql_where=text("status = 'pending'")),
        Index("ix_webhook_deliveries_leased", "clinic_id", "endpoint_id",
              postgresql_where=text("leased_until IS NOT NULL")),
        Index("ix_webhook_deliveries_endpoint", "clinic_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_event", "clinic_id", "event_id"),
        Index("ix_webhook_deliveries_created", "clinic_id", "created_at"),
    )  # fmt: skip

    endpoint_id: Mapped[UUID]
    event_id: Mapped[UUID | None]
    type: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
