"""The day at the clinic: patients arrive on time or late, get another therapist or room, and are treated."""
