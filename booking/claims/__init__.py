"""Claims: what visits and slot holds take in the database, and what follows when time becomes free."""
