"""Slow clients for a minute: `make test-sockets`, since it takes that long."""
