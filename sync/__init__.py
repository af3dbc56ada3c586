"""Connects clinics to other systems: change feed, webhooks, calendar feeds, CalDAV, external busy time."""
