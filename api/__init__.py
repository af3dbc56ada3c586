"""Speaks HTTP: parses, opens the transaction, makes one call, answers with a status."""
