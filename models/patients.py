"""Patients: the few facts that scheduling needs to know of them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, event, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Versioned, belongs_to, of_clinic
from models.folding import search_text

ANONYMOUS = "Anonymised"
"""The name of patients of whom nobody knows any more who they were."""


class Patient(Versioned, Base):
    """A person who is treated; contact data never leaves this table by log, event or URL.

    `search_text` is what the search looks at, folded out of name and contacts whenever a patient is written.
    A patient who was merged into another (`merged_into_id`) has no name, no contacts and no visits any more.
    One who was anonymised (`anonymised_at`) has visits, but nothing that tells who it was.
    """

    __tablename__ = "patients"
    __table_args__ = (
        of_clinic("patients"),
        UniqueConstraint("clinic_id", "external_id", name="uq_patients_external_id"),
        belongs_to("patients", "patients", "merged_into_id", cascade=True),
        CheckConstraint("merged_into_id <> id", name="ck_patients_merged"),
        CheckConstraint(
            "anonymised_at IS NULL OR (name = 'Anonymised' AND search_text = '' "
            "AND num_nonnulls(email, phone, born_on, skin_type, external_id) = 0)",
            name="ck_patients_anonymised",
        ),
        CheckConstraint("skin_type BETWEEN 1 AND 6", name="ck_patients_skin_type"),
        Index("ix_patients_email", "clinic_id", "email"),
        Index("ix_patients_phone", "clinic_id", "phone"),
        Index("ix_patients_born_on", "clinic_id", "born_on"),
        Index(
            "ix_patients_merged_into", "clinic_id", "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        Index(
            "ix_patients_search_text", "search_text",
            postgresql_using="gin", postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )  # fmt: skip

    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    born_on: Mapped[date | None]
    skin_type: Mapped[int | None] = mapped_column(SmallInteger)
    external_id: Mapped[str | None]
    search_text: Mapped[str] = mapped_column(server_default="")
    merged_into_id: Mapped[UUID | None]
    anonymised_at: Mapped[datetime | None]


def _fold(_mapper: object, _connection: object, patient: Patient) -> None:
    known = search_text(patient.name, patient.email, patient.phone)
    gone = patient.merged_into_id is not None or patient.anonymised_at is not None
    patient.search_text = "" if gone else known


event.listen(Patient, "before_insert", _fold)
event.listen(Patient, "before_update", _fold)


class Found(NamedTuple):
    """A patient whom a search has found, with the text that it was found by."""

    id: UUID
    search_text: str


_FIND = text("SELECT id, search_text FROM find_patients(:patterns, :also, :any_of, :but, :last, :most)")


def find_patients(
    session: Session,
    patterns: Sequence[str],
    also: Iterable[str] = (),
    *,
    any_of: Sequence[str] | None = None,
    but: Sequence[str] | None = None,
    last: UUID | None = None,
    most: int,
) -> list[Found]:
    """Find the clinic's patients whose text matches a LIKE pattern and all of `also`, by an index.

    They must match one of `any_of`, too, if it is given; those who match all of `but` are left out.

    Of each pattern in turn it gives `most` at most, in id order after `last`; one patient may match several.
    """
    values: dict[str, Any] = {
        "patterns": list(patterns),
        "also": list(also),
        "any_of": any_of,
        "but": but,
        "last": last,
        "most": most,
    }
    return [Found(*row) for row in session.execute(_FIND, values)]
