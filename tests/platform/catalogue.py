"""Questions about a database that PostgreSQL's own catalogue answers."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import Connection, text

_COLUMNS = text("""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
      AND a.attnum > 0 AND NOT a.attisdropped
""")
# From PostgreSQL 18 on NOT NULL is a constraint too; it is compared with the columns. Triggers that wait
# for the commit are listed here as well, and belong to the migrations alone, as all triggers do.
_CONSTRAINTS = text("""
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype NOT IN ('n', 't')
      AND conrelid <> coalesce(to_regclass('alembic_version'), 0)
""")
_INDEXES = text("""
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
""")
_PROTECTION = text("""
    SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
""")
_POLICIES = text("""
    SELECT tablename, policyname, permissive, cmd, roles::text, qual, with_check FROM pg_policies
    WHERE schemaname = 'public'
""")
_UNIQUE = text("""
    SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, a.attname
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indisunique OR i.indisexclusion
""")
_FOREIGN_KEYS = text("""
    SELECT k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text,
           (SELECT array_agg(a.attname::text ORDER BY n.at) FROM unnest(k.conkey) WITH ORDINALITY n(num, at)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.num),
           (SELECT array_agg(a.attname::text ORDER BY n.at) FROM unnest(k.confkey) WITH ORDINALITY n(num, at)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.num)
    FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
""")


class ForeignKey(NamedTuple):
    """A reference from the columns of one table to those of another."""

    name: str
    table: str
    parent: str
    columns: list[str]
    parent_columns: list[str]


def columns(connection: Connection) -> dict[tuple[str, str], tuple[object, ...]]:
    """Give each column's type, NOT NULL, kind of generation and default or generating expression."""
    return {(table, name): tuple(rest) for table, name, *rest in connection.execute(_COLUMNS)}


def constraints(connection: Connection) -> dict[tuple[str, str], str]:
    """Give each constraint's definition by table and name."""
    return {(table, name): definition for table, name, definition in connection.execute(_CONSTRAINTS)}


def indexes(connection: Connection) -> dict[str, str]:
    """Give each index's definition by name."""
    return dict(map(tuple, connection.execute(_INDEXES)))


def tables(connection: Connection) -> frozenset[str]:
    """Name every table."""
    return frozenset(connection.scalars(_PROTECTION))


def tenant_tables(connection: Connection) -> frozenset[str]:
    """Name every table with a clinic_id."""
    return frozenset(table for table, column in columns(connection) if column == "clinic_id")


def protected_tables(connection: Connection) -> frozenset[str]:
    """Name every table whose row-level security is on and binds even the table's owner."""
    return frozenset(name for name, on, forced in connection.execute(_PROTECTION) if on and forced)


def policies(connection: Connection) -> dict[str, dict[str, tuple[object, ...]]]:
    """Give each table's policies by name: permissive, command, roles, USING, WITH CHECK."""
    found: defaultdict[str, dict[str, tuple[object, ...]]] = defaultdict(dict)
    for table, name, *rest in connection.execute(_POLICIES):
        found[table][name] = tuple(rest)
    return found


def unique_indexes(connection: Connection) -> dict[str, tuple[str, str]]:
    """Give the table and the first column of every index that is unique or excludes."""
    return {name: (table, first) for name, table, first in connection.execute(_UNIQUE)}


def foreign_keys(connection: Connection) -> list[ForeignKey]:
    """List every foreign key."""
    return [ForeignKey(*row) for row in connection.execute(_FOREIGN_KEYS)]
