"""The database's history, written by hand."""
