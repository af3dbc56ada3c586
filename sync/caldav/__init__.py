"""Shows therapists' calendars to their phones over CalDAV: visits to read, busy time to write."""
