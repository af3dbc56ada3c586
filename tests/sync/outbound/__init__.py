"""Calls to URLs that users give."""
