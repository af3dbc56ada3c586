"""What every table shares: the tenant in the key, named constraints, a version."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, MetaData, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Text
from uuid_utils.compat import uuid7


class Base(DeclarativeBase):
    """The declarative base; constraint names are written out so that errors can be told apart by name."""

    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})
    type_annotation_map = {
        UUID: PGUUID(as_uuid=True),
        datetime: TIMESTAMP(timezone=True),
        str: Text,
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(PGUUID(as_uuid=True)),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class Tenant:
    """Rows of a single clinic: its id begins the key, and row-level security hides other clinics' rows."""

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)


class Identified(Tenant):
    """Rows with an id of their own: a UUIDv7, so that ids sort by creation."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-19)


class Versioned(Identified):
    """Rows that clients change: `version` is the ETag and goes up with every change."""

    __mapper_args__: Any = {"eager_defaults": True}

    version: Mapped[int] = mapped_column(default=1, server_default="1", sort_order=90)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=func.now(), sort_order=92
    )


def belongs_to(table: str, parent: str, column: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    """Make the composite foreign key `(clinic_id, column)`: the key itself holds the tenant."""
    name = f"fk_{table}_{column.removesuffix('_id')}"
    targets = [f"{parent}.clinic_id", f"{parent}.id"]
    ondelete = "CASCADE" if cascade else None
    return ForeignKeyConstraint(["clinic_id", column], targets, name=name, ondelete=ondelete)


def of_clinic(table: str) -> ForeignKeyConstraint:
    """Make the foreign key to the clinic itself, for tables with no other parent."""
    return ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=f"fk_{table}_clinic")
