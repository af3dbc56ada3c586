"""Acts on a clinic's data: each act locks, loads, asks the engine and writes, in the caller's transaction."""
