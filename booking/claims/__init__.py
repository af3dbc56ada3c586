"""What visits and holds occupy in the database, and when it is freed."""
