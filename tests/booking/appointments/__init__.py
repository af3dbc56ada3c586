"""Appointments and slot holds."""
