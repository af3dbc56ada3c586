"""Acts on a clinic's data: locks, loads, asks the engine and writes, inside the caller's transaction."""
