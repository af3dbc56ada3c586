"""Messages to patients: which are due, and who sends them."""
