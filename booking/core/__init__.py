"""What every act stands on: the caller, errors, locks, events, the queue."""
