"""Test the engine at its boundaries and against an oracle."""
