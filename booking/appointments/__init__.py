"""One visit: booked, held, moved, taken through its statuses, listed."""
