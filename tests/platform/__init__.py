"""Tests of settings, database, migrations and processes."""
