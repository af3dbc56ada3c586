"""What leaves and enters by calendar and event: change feed, ICS, webhooks, external busy time."""
