"""The calendars that a therapist's phone sees: visits to read, busy time to write."""
