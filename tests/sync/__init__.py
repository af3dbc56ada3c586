"""What leaves and enters by calendar and event."""
