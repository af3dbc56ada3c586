"""Appointments with their phases, the time that they occupy and the proof of their spacing."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, FetchedValue, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, Tenant, Versioned, belongs_to
from models.statuses import APPOINTMENT_STATUSES, GONE, UNDER_WAY

_LIVE = " AND ".join(f"status <> '{status}'" for status in GONE)
LONGEST_OCCUPANCY = 288  # Ticks: one day. A bound lets a range scan find every overlap by its end alone.
# A block under a visit that stays is claimed at lane + BEHIND, so that the two claims do not collide. Readers
# of busy time count it for the lane itself, so that the time stays taken when the visit goes.
BEHIND = 10_000


class Appointment(Versioned, Base):
    """A visit or a hold; `during` is the patient's presence, `local_date` its civil date at the location.

    An appointment that began as a hold has `hold`: `key_id` (of the key that made it), `visitor` (of a
    widget), `extended`, and how it `ended` (null while held). `phase_minutes` are the lengths that were
    chosen for it, by the names of the phases: it keeps them when it moves. `status_since` is when the step
    happened that led to the present status, by the clinical clock; null for visits of an older version.
    `performed_on` is the civil date at the location on which the treatment really began, null until then.

    Once the numbing or the treatment has begun, the patient is present from `present_from` to
    `present_until`, which are null while the presence is as planned; a trigger makes `during` of them.
    `closes_at` is when a visit under way should be over: the closing time of its day, or the end of its plan.

    A visit that its patient booked by a widget is `online`. Links to the visit are good while they have its
    `links_issue`.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        belongs_to("appointments", "locations", "location_id"),
        belongs_to("appointments", "procedures", "procedure_id"),
        belongs_to("appointments", "patients", "patient_id"),
        belongs_to("appointments", "therapists", "therapist_id"),
        belongs_to("appointments", "courses", "course_id"),
        CheckConstraint(f"status IN {APPOINTMENT_STATUSES}", name="ck_appointments_status"),
        CheckConstraint("starts_at < ends_at", name="ck_appointments_order"),
        CheckConstraint(
            "patient_id IS NOT NULL OR status = 'held' OR (status = 'cancelled' AND hold IS NOT NULL)",
            name="ck_appointments_patient",
        ),
        CheckConstraint("status <> 'held' OR hold IS NOT NULL", name="ck_appointments_hold"),
        CheckConstraint("(expires_at IS NOT NULL) = (status = 'held')", name="ck_appointments_expiry"),
        CheckConstraint(
            "(present_from IS NULL) = (present_until IS NULL)", name="ck_appointments_presence"
        ),
        ExcludeConstraint(
            ("clinic_id", "="), ("patient_id", "="), ("during", "&&"),
            where=text(_LIVE), using="gist", name="ex_appointments_patient_busy",
        ),
        Index("ix_appointments_location", "clinic_id", "location_id", "starts_at"),
        Index("ix_appointments_therapist", "clinic_id", "therapist_id", "starts_at"),
        Index("ix_appointments_patient", "clinic_id", "patient_id", "starts_at"),
        Index("ix_appointments_starts_at", "clinic_id", "starts_at", "id"),
        Index("ix_appointments_local_date", "clinic_id", "local_date"),
        Index(
            "ix_appointments_course", "clinic_id", "course_id", postgresql_where=text("course_id IS NOT NULL")
        ),
        Index(
            "ix_appointments_expiry", "clinic_id", "expires_at", postgresql_where=text("status = 'held'")
        ),
        Index("ix_appointments_flagged", "clinic_id", "id", postgresql_where=text("flags <> '[]'")),
        Index(
            "ix_appointments_under_way", "clinic_id", "id", postgresql_where=text(f"status IN {UNDER_WAY}")
        ),
    )  # fmt: skip

    status: Mapped[str]
    location_id: Mapped[UUID]
    procedure_id: Mapped[UUID]
    patient_id: Mapped[UUID | None]
    therapist_id: Mapped[UUID | None]
    course_id: Mapped[UUID | None]
    areas: Mapped[list[str]]
    starts_at: Mapped[datetime]
    procedure_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, server_default=FetchedValue(), server_onupdate=FetchedValue()
    )
    local_date: Mapped[date]
    status_since: Mapped[datetime | None]
    performed_on: Mapped[date | None]
    present_from: Mapped[datetime | None]
    present_until: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    notes: Mapped[str | None]
    phase_minutes: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    warnings: Mapped[list[dict[str, Any]]]
    flags: Mapped[list[dict[str, Any]]]
    overrides: Mapped[list[dict[str, Any]]]
    online: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    links_issue: Mapped[int] = mapped_column(default=1, server_default="1")
    cancellation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    hold: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    @property
    def counts_from(self) -> date:
        """The date from which the days to other visits count: when it was performed, else as planned."""
        return self.performed_on or self.local_date


class AppointmentPhase(Tenant, Base):
    """A phase as planned and, beside it, as it really happened.

    From `occupied_from` to `occupied_until` it occupies its room, people and device, once the numbing or the
    treatment of the visit has begun; both are null while that is as planned. A phase that `runs_on` occupies
    them until the next step of the visit is noted.
    """

    __tablename__ = "appointment_phases"
    __table_args__ = (
        belongs_to("appointment_phases", "appointments", "appointment_id", cascade=True),
        belongs_to("appointment_phases", "rooms", "room_id"),
        belongs_to("appointment_phases", "therapists", "therapist_id"),
        belongs_to("appointment_phases", "therapists", "assistant_id"),
        belongs_to("appointment_phases", "devices", "device_id"),
        CheckConstraint("starts_at < ends_at", name="ck_appointment_phases_order"),
        *(
            Index(
                f"ix_appointment_phases_{taken}",
                "clinic_id",
                f"{taken}_id",
                postgresql_where=text(f"{taken}_id IS NOT NULL"),
            )
            for taken in ("room", "therapist", "assistant", "device")
        ),
    )

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    min_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    max_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    patient: Mapped[bool]
    room_id: Mapped[UUID | None]
    lane: Mapped[int | None] = mapped_column(SmallInteger)
    therapist_id: Mapped[UUID | None]
    assistant_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    actual_starts_at: Mapped[datetime | None]
    actual_ends_at: Mapped[datetime | None]
    occupied_from: Mapped[datetime | None]
    occupied_until: Mapped[datetime | None]
    runs_on: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class AppointmentStep(Tenant, Base):
    """A change of a visit's status, with what `undo` needs to take it back.

    `before` has the fields of the visit and of its phases before the step, `claims` the (resource, lane,
    start tick, end tick) that the visit had, or null when the step left them alone.
    """

    __tablename__ = "appointment_steps"
    __table_args__ = (belongs_to("appointment_steps", "appointments", "appointment_id", cascade=True),)

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    before: Mapped[dict[str, Any]]
    claims: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))


class Occupancy(Identified, Base):
    """Time in which a lane is busy, in ticks of five minutes since 1970; without an appointment, a block."""

    __tablename__ = "occupancies"
    __table_args__ = (
        belongs_to("occupancies", "resources", "resource_id", cascade=True),
        belongs_to("occupancies", "appointments", "appointment_id", cascade=True),
        CheckConstraint("start_tick < end_tick", name="ck_occupancies_order"),
        CheckConstraint(f"end_tick - start_tick <= {LONGEST_OCCUPANCY}", name="ck_occupancies_longest"),
        CheckConstraint("lane >= 0", name="ck_occupancies_lane"),
        ExcludeConstraint(
            ("clinic_id", "="), ("resource_id", "="), ("lane", "="), ("during", "&&"),
            using="gist", name="ex_occupancies_resource_busy",
        ),
        Index(
            "ix_occupancies_end", "clinic_id", "resource_id", "end_tick",
            postgresql_include=["start_tick", "lane"],
        ),
        Index("ix_occupancies_appointment", "clinic_id", "appointment_id"),
    )  # fmt: skip

    resource_id: Mapped[UUID]
    lane: Mapped[int] = mapped_column(SmallInteger)
    start_tick: Mapped[int]
    end_tick: Mapped[int]
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE,
        Computed(
            "tstzrange(to_timestamp(start_tick * 300::double precision),"
            " to_timestamp(end_tick * 300::double precision))",
            persisted=True,
        ),
    )
    appointment_id: Mapped[UUID | None]


class SpacingClaim(Identified, Base):
    """The proof of a floor: an `after` claim takes dates that no other owner's `before` claim may meet."""

    __tablename__ = "spacing_claims"
    __table_args__ = (
        belongs_to("spacing_claims", "appointments", "appointment_id", cascade=True),
        belongs_to("spacing_claims", "patients", "patient_id"),
        belongs_to("spacing_claims", "spacing_rules", "rule_id", cascade=True),
        CheckConstraint("role IN ('after', 'before')", name="ck_spacing_claims_role"),
        ExcludeConstraint(
            ("clinic_id", "="), ("patient_id", "="), ("rule_id", "="), ("area", "="),
            ("role", "<>"), ("owner", "<>"), ("span", "&&"),
            using="gist", name="ex_spacing_claims_floor",
        ),
        Index("ix_spacing_claims_appointment", "clinic_id", "appointment_id"),
        Index("ix_spacing_claims_rule", "clinic_id", "rule_id"),
    )  # fmt: skip

    appointment_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    rule_id: Mapped[UUID]
    area: Mapped[str]
    role: Mapped[str]
    owner: Mapped[UUID]
    span: Mapped[Range[date]] = mapped_column(DATERANGE)
