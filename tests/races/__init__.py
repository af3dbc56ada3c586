"""Races: threads, real commits and a barrier for every write path."""
