"""Give patients a folded text to be found by, and the one function that searches it by its index."""

from alembic import op

revision = "20261201_0310"
down_revision = "20261201_0300"

COLUMN = "ALTER TABLE patients ADD COLUMN search_text text DEFAULT '' NOT NULL"

# LIKE is not leakproof: below row-level security it may only filter rows that a policy has let through, and
# no index serves it. So the search is a policy itself. While the function runs, `clinic.id` is empty and
# this policy shows the rows of that same clinic that match the pattern, found by the trigrams of the text.
# Without the plans that are switched off, PostgreSQL could read the whole table for the other policy, which
# shows nothing meanwhile; and to start helpers takes longer than the search. As a text the clinic's id is in
# no index: else an index by it would be taken where there are many clinics, and a large clinic be read whole.
SEARCH = """
CREATE POLICY being_searched ON patients FOR SELECT USING (
    clinic_id::text = (SELECT current_setting('clinic.searching', true))
    AND search_text LIKE (SELECT current_setting('clinic.searched', true))
);
CREATE FUNCTION find_patients(
    patterns text[], also text[], any_of text[], but text[], last uuid, most integer
)
    RETURNS TABLE (id uuid, search_text text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off
    SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
    clinic text := current_setting('clinic.id', true);
    pattern text;
BEGIN
    PERFORM set_config('clinic.id', '', true), set_config('clinic.searching', clinic, true);
    FOREACH pattern IN ARRAY patterns LOOP
        PERFORM set_config('clinic.searched', pattern, true);
        RETURN QUERY
            SELECT p.id, p.search_text FROM patients p
            WHERE p.search_text LIKE ALL (also)
              AND (any_of IS NULL OR p.search_text LIKE ANY (any_of))
              AND (but IS NULL OR NOT p.search_text LIKE ALL (but))
              AND (last IS NULL OR p.id > last)
            ORDER BY p.id LIMIT most;
    END LOOP;
    PERFORM set_config('clinic.searched', '', true), set_config('clinic.searching', '', true),
        set_config('clinic.id', clinic, true);
END $$;
"""


def upgrade() -> None:
    """Add the column, which rewrites no row, and the search."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(COLUMN)
    op.execute(SEARCH)
