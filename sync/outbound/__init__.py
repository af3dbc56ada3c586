"""Calls to the URLs that users give."""
