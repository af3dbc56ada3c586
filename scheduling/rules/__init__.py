"""The rules: each is a mask over the day, for search and refusal alike."""
