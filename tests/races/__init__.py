"""Race every write path with threads and real commits."""
