"""Patients wait for time to become free and are offered it."""
