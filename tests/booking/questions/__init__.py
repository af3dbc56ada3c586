"""Search, dry run, eligibility and overrides."""
