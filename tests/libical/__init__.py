"""Tests of the calendars with the strict libical: `make test-libical`, since it needs Debian's packages."""
