"""Medical holds, the rules on them, and treatments that patients had elsewhere."""
