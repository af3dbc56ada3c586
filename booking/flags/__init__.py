"""Flags on visits that a change has left outside the rules."""
