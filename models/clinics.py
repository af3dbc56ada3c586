"""Clinics (the tenants) and the version of their catalogue."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from models.base import Base, Tenant, of_clinic

ONLINE_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {"holds_per_key": 20, "holds_per_visitor": 5, "online_visits": 3}
)
"""What a clinic that has not decided otherwise allows: live holds at a location, and visits to come."""


class Clinic(Base):
    """A tenant to which everything else belongs; its zone is used where no location's applies.

    `default_country` is that of phone numbers without a country's code, by ISO 3166-1. `limits` has the
    limits of online booking that the clinic has changed. `messages_fetched_at` is when a gateway fetched
    messages last, to within some minutes.
    `retention` has the days for which something is kept, where the clinic has chosen them.
    `revalidated_on` is the clinic's own date on which all of its visits to come were judged last. Cursors
    of its changes are signed by `sync_secret` and valid for a `sync_epoch`, which ends with a restore.
    """

    __tablename__ = "clinics"
    __mapper_args__ = {"eager_defaults": True}

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    timezone: Mapped[str]
    revalidated_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sync_secret: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    sync_epoch: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    default_country: Mapped[str | None]
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    messages_fetched_at: Mapped[datetime | None]
    retention: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class CatalogVersion(Tenant, Base):
    """Counts the changes of a clinic's catalogue; kept by triggers, so no writer can forget it."""

    __tablename__ = "catalog_versions"
    __table_args__ = (of_clinic("catalog_versions"),)

    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
