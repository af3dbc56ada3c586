"""Whole courses: their sessions are planned, booked together and moved on together."""
