"""The HTTP layer: each view parses a request, runs one act in one transaction, and answers with a status."""
