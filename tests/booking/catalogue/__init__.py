"""The catalogue over HTTP, resource by resource, on a real database."""
