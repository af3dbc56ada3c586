"""The day at the clinic."""
