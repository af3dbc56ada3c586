"""Busy time from elsewhere."""
