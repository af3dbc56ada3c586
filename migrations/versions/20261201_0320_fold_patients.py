"""Fold the names and contacts of the patients that there are, and make their phone numbers E.164."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from alembic import op
from sqlalchemy import Connection, text

from models.folding import search_text
from models.phones import e164

revision = "20261201_0320"
down_revision = "20261201_0310"

BATCH: Final = 1000
FIRST: Final = UUID(int=0)

CLINICS = text("SELECT clinic_ids()")
BIND = text("SELECT set_config('clinic.id', :clinic_id, false)")
READ = text(
    "SELECT id, name, email, phone FROM patients WHERE clinic_id = :clinic_id AND id > :last"
    " ORDER BY id LIMIT :batch"
)
# A patient who was changed after the batch was read was folded by that change.
WRITE = text("""
    UPDATE patients p SET search_text = new.search_text, phone = new.phone,
        version = version + CASE WHEN new.phone IS DISTINCT FROM p.phone THEN 1 ELSE 0 END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:texts AS text[]), CAST(:phones AS text[]), CAST(:names AS text[]),
                CAST(:emails AS text[]), CAST(:old AS text[]))
        AS new (id, search_text, phone, name, email, old)
    WHERE p.clinic_id = :clinic_id AND p.id = new.id AND p.name = new.name
      AND p.email IS NOT DISTINCT FROM new.email AND p.phone IS NOT DISTINCT FROM new.old
""")


def upgrade() -> None:
    """Write a thousand patients to a transaction; after an interruption it begins again and does no harm.

    Neither can be said in SQL: Unicode's tables and the world's numbering plans are Python's. A stored number
    that cannot be read stays as it is.
    """
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        for clinic_id in connection.scalars(CLINICS).all():
            connection.execute(BIND, {"clinic_id": str(clinic_id)})
            _fold(connection, clinic_id)
        connection.execute(BIND, {"clinic_id": ""})


def _fold(connection: Connection, clinic_id: UUID) -> None:
    rows: Sequence[Any] = ()
    while not rows or len(rows) == BATCH:
        last = rows[-1].id if rows else FIRST
        found = {"clinic_id": clinic_id, "last": last, "batch": BATCH}
        rows = connection.execute(READ, found).all()
        if not rows:
            return
        phones = [row.phone and (e164(row.phone) or row.phone) for row in rows]
        values = {
            "ids": [row.id for row in rows],
            "names": [row.name for row in rows],
            "emails": [row.email for row in rows],
            "old": [row.phone for row in rows],
            "phones": phones,
            "texts": [
                search_text(row.name, row.email, phone) for row, phone in zip(rows, phones, strict=True)
            ],
        }
        connection.execute(WRITE, {"clinic_id": clinic_id, **values})
