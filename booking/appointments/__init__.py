"""Appointments: booked, held, moved, listed, and taken from status to status."""
