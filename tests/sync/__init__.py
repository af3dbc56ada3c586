"""Tests of what other systems follow."""
