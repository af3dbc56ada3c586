"""The day at the clinic: patients arrive, late or on time, are handed over, and leave."""
