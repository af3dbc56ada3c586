"""Clients that stock generators make of the API's document, against a live server: `make test-generators`."""
