"""Background work: the queue, the nightly rounds, mail."""
