"""A therapist, room or device drops out, or a location closes, and visits are moved."""
