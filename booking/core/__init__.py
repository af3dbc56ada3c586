"""What every act needs: the caller, errors, locks, events, the queue, and the acts of stored objects."""
