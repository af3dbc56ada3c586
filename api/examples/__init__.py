"""An example of a request to every operation, which works against the demo clinic."""
