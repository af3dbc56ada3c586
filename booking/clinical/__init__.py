"""Medical holds, their rules, and treatments that patients had elsewhere."""
