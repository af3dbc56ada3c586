"""Disruptions: a therapist, room or device drops out, or a location closes, and visits have to move."""
