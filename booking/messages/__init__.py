"""Messages to patients: when they are due, and what becomes of sending them."""
