"""Benchmarks: figures beside their floors, never assertions."""
