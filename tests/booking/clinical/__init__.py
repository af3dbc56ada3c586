"""Medical holds and treatments elsewhere."""
