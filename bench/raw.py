"""Reads and writes the server's rows by plain SQL over a single connection, as a floor for its times."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg import sql
from uuid_utils.compat import uuid7

from bench.clinic import ZONE, BenchClinic
from models.appointments import LONGEST_OCCUPANCY
from scheduling.ticks import to_tick

# What a booking writes, and how its rows are moved by 364 days to a time when everything is free.
_TABLES = {
    "appointments": "id",
    "appointment_phases": "appointment_id",
    "occupancies": "appointment_id",
    "spacing_claims": "appointment_id",
    "events": "subject_id",
    "audit_log": "subject_id",
}
_MOVED: dict[str, LiteralString] = {
    "timestamp with time zone": "({} + interval '364 days')::text",
    "date": "({} + 364)::text",
    "daterange": "daterange(lower({0}) + 364, upper({0}) + 364)::text",
}
_OCCUPIED = """
    SELECT resource_id, lane, start_tick, end_tick FROM occupancies
    WHERE clinic_id = %s AND resource_id = ANY(%s) AND end_tick > %s AND end_tick < %s AND start_tick < %s
"""
Rows = dict[str, list[tuple[str | None, ...]]]


class Raw:
    """A connection as the application's plain role, bound to the clinic in each transaction."""

    def __init__(self, url: str, clinic: BenchClinic) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.clinic = clinic
        self.inserts: dict[tuple[str, int], sql.Composed] = {}

    def location(self, _: object) -> None:
        """Read the location's row."""
        with self.connection.transaction():
            self._bind()
            self.connection.execute(
                "SELECT * FROM locations WHERE clinic_id = %s AND id = %s",
                (self.clinic.clinic_id, self.clinic.location_id),
            ).fetchall()

    def occupied(self, days: int) -> int:
        """Read who is busy in so many days, and give the number of rows."""
        first, last = (
            to_tick(datetime.combine(self.clinic.first + timedelta(days=after), time(), ZONE))
            for after in (0, days)
        )
        values = (
            self.clinic.clinic_id, list(self.clinic.resources), first, last + LONGEST_OCCUPANCY, last,
        )  # fmt: skip
        with self.connection.transaction():
            self._bind()
            return len(self.connection.execute(_OCCUPIED, values).fetchall())

    def write(self, rows: Rows) -> None:
        """Write a booking's rows in a single transaction."""
        with self.connection.transaction():
            self._bind()
            for table, values in rows.items():
                self.connection.execute(*self._insert(table, values))

    def copies(self, appointment_ids: Sequence[UUID]) -> list[Rows]:
        """Give the rows of bookings as they would be a year later, under new ids."""
        with self.connection.transaction():
            self._bind()
            return [self._copy(one) for one in appointment_ids]

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _bind(self) -> None:
        self.connection.execute("SELECT set_config('clinic.id', %s, true)", (str(self.clinic.clinic_id),))

    def _columns(self, table: str) -> list[tuple[str, str]]:
        return self.connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            " AND is_generated = 'NEVER' AND column_name <> 'xid' ORDER BY ordinal_position",
            (table,),
        ).fetchall()

    def _copy(self, appointment_id: UUID) -> Rows:
        fresh = str(uuid7())
        return {
            table: [
                tuple(value and value.replace(str(appointment_id), fresh) for value in row)
                for row in self._read(table, key, appointment_id)
            ]
            for table, key in _TABLES.items()
        }

    def _read(self, table: str, key: str, appointment_id: UUID) -> list[tuple[str | None, ...]]:
        columns = [
            sql.SQL(_moved(table, *column)).format(sql.Identifier(column[0]))
            for column in self._columns(table)
        ]
        statement = sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(
            sql.SQL(", ").join(columns), sql.Identifier(table), sql.Identifier(key)
        )
        return self.connection.execute(statement, (appointment_id,)).fetchall()

    def _insert(
        self, table: str, rows: Sequence[tuple[str | None, ...]]
    ) -> tuple[sql.Composed, list[str | None]]:
        if (table, len(rows)) not in self.inserts:
            columns = [sql.Identifier(name) for name, _ in self._columns(table)]
            one = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(columns)))
            self.inserts[table, len(rows)] = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
                sql.Identifier(table), sql.SQL(", ").join(columns), sql.SQL(", ").join([one] * len(rows))
            )
        return self.inserts[table, len(rows)], [value for row in rows for value in row]


def _moved(table: str, name: str, kind: str) -> LiteralString:
    if name.endswith("_tick"):
        # 364 days of 288 ticks: whole weeks, so that the weekdays stay.
        return "({} + 104832)::text"
    if name == "id" and table != "appointments":
        return "gen_random_uuid()::text"
    return _MOVED.get(kind, "{}::text")
