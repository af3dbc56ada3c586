"""Tests of feeds, webhooks, calendars and calls to other systems."""
