"""Disruptions."""
