"""Background work, which runs without a request, and the demo clinic."""
