"""What the strict libical says of our calendars: `make test-libical`, as it needs Debian's packages."""
