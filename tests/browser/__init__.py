"""The widget's page in Chromium, from an origin of its own, against a live server: `make test-browser`."""
