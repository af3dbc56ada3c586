"""Webhooks: endpoints, and the deliveries to them."""
