"""Questions to the engine: loads the catalogue, patients and busy time, and asks about slots and visits."""
