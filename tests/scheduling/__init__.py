"""The engine against its oracle and its boundaries."""
