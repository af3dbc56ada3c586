"""The suite: every test that Python and PostgreSQL can run."""
