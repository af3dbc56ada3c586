"""Webhooks: endpoints, deliveries, retries and signatures."""
