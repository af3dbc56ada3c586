"""The engine's rules."""
