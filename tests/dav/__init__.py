"""The CalDAV server alone, over calendars that are a dictionary."""
