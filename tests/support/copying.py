"""Copy clinics: a start of many tests is made over HTTP once, and each test gets a copy of its own."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Table, TextClause, text
from uuid_utils.compat import uuid7

from booking.catalogue.api_keys import PREFIXES
from booking.core.tokens import HINT_LENGTH, fresh_secret
from models import Base
from models.database import Database
from models.events import Xid8
from tests.support.desk import Desk

Cast = TypeVar("Cast")
MakeClinic = Callable[..., Desk]
Copied = Callable[[Callable[[MakeClinic], Cast]], Cast]

_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Original:
    """A cast with its clinic's desk, and every row of that clinic as a JSON object: by table."""

    cast: Any
    desk: Desk
    tables: tuple[str, ...]
    rows: str
    ids: tuple[str, ...]


def keep(database: Database, cast: Any) -> Original:
    """Read every row of a clinic."""
    desk: Desk = cast.desk
    rows = {}
    with database.transaction(desk.clinic_id) as session:
        for table in Base.metadata.sorted_tables:
            statement = text(f"SELECT jsonb_agg(to_jsonb(t))::text FROM {table.name} t")  # noqa: S608 - ours
            if found := session.scalar(statement):
                rows[table.name] = str(found)
    ids = {row["id"] for part in rows.values() for row in json.loads(part) if "id" in row}
    whole = ", ".join(f'"{name}": {part}' for name, part in rows.items())
    return Original(cast, desk, tuple(rows), f"{{{whole}}}", tuple(sorted(ids)))


def copy(database: Database, original: Original) -> Any:
    """Write a copy of the clinic, with a new key and new ids that sort as the original's ids do."""
    desk = original.desk
    fresh = {old: str(uuid7()) for old in original.ids}
    # The hint of a key, its last characters, is stored beside its hash.
    key = fresh_secret(PREFIXES["secret"]).text[:-HINT_LENGTH] + desk.key[-HINT_LENGTH:]
    own = replace(desk, clinic_id=UUID(fresh[str(desk.clinic_id)]), key=key)

    def renamed(json_text: str) -> str:
        return _ID.sub(lambda found: fresh.get(found[0], found[0]), json_text)

    rows = renamed(original.rows).replace(_digest(desk.key), _digest(key))
    with database.transaction(own.clinic_id) as session:
        session.execute(_insertion(original.tables), {"rows": rows})
    return _recast(original.cast, own, renamed)


def _recast(cast: Any, desk: Desk, renamed: Callable[[str], str]) -> Any:
    values = {field.name: getattr(cast, field.name) for field in fields(cast) if field.name != "desk"}
    at_its_time = replace(desk, now=cast.desk.now)
    return replace(cast, desk=at_its_time, **json.loads(renamed(json.dumps(values))))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@cache
def _insertion(tables: tuple[str, ...]) -> TextClause:
    """Insert rows into all tables in one statement, because foreign keys are checked at its end."""
    parts = (f"{name}_ AS ({_insertion_into(Base.metadata.tables[name])})" for name in tables)
    return text(f"WITH given AS (SELECT CAST(:rows AS jsonb) AS rows), {', '.join(parts)} SELECT 1")


def _insertion_into(table: Table) -> str:
    """Insert the rows of a table without the columns that the database computes."""
    stored = [one for one in table.columns if one.computed is None and not isinstance(one.type, Xid8)]
    columns = ", ".join(column.name for column in stored)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} "  # noqa: S608 - our own names
        f"FROM given, jsonb_populate_recordset(NULL::{table.name}, given.rows -> '{table.name}')"
    )
