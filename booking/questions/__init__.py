"""Questions to the engine: what is loaded for them, and what is asked."""
