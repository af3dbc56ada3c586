"""Calendar programs of others against the product's own server: see `make test-clients`."""
