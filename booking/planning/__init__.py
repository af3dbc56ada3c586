"""Whole courses are planned, booked and moved on."""
