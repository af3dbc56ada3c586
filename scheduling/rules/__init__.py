"""The rules: each gives masks over the window, for search and refusal alike."""
