"""The demo clinic: its card, its plan, its filling and the command that it prints."""
