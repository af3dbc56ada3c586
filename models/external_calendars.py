"""Busy time of staff from outside: the calendars it comes from, their objects, and the time these take."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.appointments import LONGEST_OCCUPANCY
from models.base import Base, Identified, Tenant, Versioned, belongs_to, of_clinic
from models.events import Xid8

KINDS = ("ics", "caldav")


class ExternalCalendar(Versioned, Base):
    """A calendar of a member of staff on another server, and what is known of it since the last fetch.

    `etag`, `last_modified` and `sync_token` are the other server's; `full_at` is when all was read last.
    A fetch first writes its own `claim`: only the latest claim may write what its fetch has found. `failures`
    counts the fetches in a row that failed; `emptied_since` is when it brought no busy time, having brought
    some before. `unread` has the first of the events that could not be read, as `{uid, line}`. `reader` is
    the version of the code that read all last. With `counts_anew` something else of it counts since then.
    """

    __tablename__ = "external_calendars"
    __table_args__ = (
        belongs_to("external_calendars", "therapists", "therapist_id", cascade=True),
        CheckConstraint(f"kind IN {KINDS}", name="ck_external_calendars_kind"),
        CheckConstraint("(username IS NULL) = (password IS NULL)", name="ck_external_calendars_login"),
        CheckConstraint(
            "ignore <@ ARRAY['tentative', 'declined', 'all_day']", name="ck_external_calendars_ignore"
        ),
        Index("ix_external_calendars_therapist", "clinic_id", "therapist_id"),
        Index("ix_external_calendars_next", "clinic_id", "next_at"),
    )

    therapist_id: Mapped[UUID]
    kind: Mapped[str]
    url: Mapped[str]
    username: Mapped[str | None]
    password: Mapped[str | None]
    last_success_at: Mapped[datetime | None]
    stale_since: Mapped[datetime | None]
    last_error: Mapped[str | None]
    unread_events: Mapped[int]
    unread: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    ignore: Mapped[list[str]] = mapped_column(server_default=text("'{declined}'"))
    attendee: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    emptied_since: Mapped[datetime | None]
    reader: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    counts_anew: Mapped[bool] = mapped_column(server_default=text("false"))
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    sync_token: Mapped[str | None]
    full_at: Mapped[datetime | None]
    next_at: Mapped[datetime]
    claim: Mapped[UUID | None]


class BusyObject(Identified, Base):
    """A calendar object, of an external calendar or of the therapist's own `busy` collection.

    Only an object of the own collection keeps its `body`, as it was sent: the phone that sent it asks for
    it again.
    """

    __tablename__ = "busy_objects"
    __table_args__ = (
        belongs_to("busy_objects", "therapists", "therapist_id", cascade=True),
        belongs_to("busy_objects", "external_calendars", "external_calendar_id", cascade=True),
        CheckConstraint("(body IS NULL) = (external_calendar_id IS NOT NULL)", name="ck_busy_objects_body"),
        Index(
            "uq_busy_objects_href",
            "clinic_id",
            "therapist_id",
            "external_calendar_id",
            "href",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_busy_objects_calendar", "clinic_id", "external_calendar_id"),
        Index(
            "ix_busy_objects_xid",
            "clinic_id",
            "therapist_id",
            "xid",
            "id",
            postgresql_where=text("external_calendar_id IS NULL"),
        ),
    )

    therapist_id: Mapped[UUID]
    external_calendar_id: Mapped[UUID | None]
    href: Mapped[str]
    uid: Mapped[str]
    etag: Mapped[str]
    body: Mapped[str | None]
    unread: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    updated_at: Mapped[datetime]
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())


class BusyDeletion(Identified, Base):
    """An object that a program deleted from a therapist's own collection, for the programs that follow it."""

    __tablename__ = "busy_deletions"
    __table_args__ = (
        of_clinic("busy_deletions"),
        Index("ix_busy_deletions_xid", "clinic_id", "therapist_id", "xid", "id"),
    )

    therapist_id: Mapped[UUID]
    href: Mapped[str]
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
    deleted_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ExternalBusy(Tenant, Base):
    """A stretch of time that a busy object takes, in ticks; it may overlap others, and appointments."""

    __tablename__ = "external_busy"
    __table_args__ = (
        belongs_to("external_busy", "busy_objects", "busy_object_id", cascade=True),
        belongs_to("external_busy", "resources", "resource_id", cascade=True),
        CheckConstraint("start_tick < end_tick", name="ck_external_busy_order"),
        CheckConstraint(f"end_tick - start_tick <= {LONGEST_OCCUPANCY}", name="ck_external_busy_longest"),
        Index(
            "ix_external_busy_end", "clinic_id", "resource_id", "end_tick", postgresql_include=["start_tick"]
        ),
    )

    busy_object_id: Mapped[UUID] = mapped_column(primary_key=True)
    start_tick: Mapped[int] = mapped_column(primary_key=True)
    end_tick: Mapped[int]
    resource_id: Mapped[UUID]
