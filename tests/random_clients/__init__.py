"""Random clients act on a clinic, and its rows are checked after each act."""
