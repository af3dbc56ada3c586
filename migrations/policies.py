"""Limits a table to the rows of the transaction's clinic, for the table's owner too."""

from alembic import op


def protect(table: str, *, column: str = "clinic_id") -> None:
    """Force row-level security: rows of another clinic can be neither seen nor written."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_clinic ON {table} USING ({column} = (SELECT current_clinic()))")
