"""CalDAV."""
