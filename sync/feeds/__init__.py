"""Calendar feeds in iCalendar format."""
