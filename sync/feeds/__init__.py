"""Calendar feeds: secret links that show visits in iCalendar format."""
