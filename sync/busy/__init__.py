"""Busy time of staff from calendars elsewhere."""
