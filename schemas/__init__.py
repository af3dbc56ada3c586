"""The contract with clients, written field by field."""
