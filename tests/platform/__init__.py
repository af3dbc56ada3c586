"""Tests of what the product stands on: settings, database, migrations, processes."""
