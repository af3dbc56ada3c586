"""HTTP calls to the URLs that users give, guarded against private addresses."""
