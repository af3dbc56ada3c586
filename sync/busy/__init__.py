"""Keeps the busy time of staff that calendars outside the clinic report."""
