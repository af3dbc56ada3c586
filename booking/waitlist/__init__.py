"""The waitlist: patients wait for a time, and are offered time that becomes free."""
