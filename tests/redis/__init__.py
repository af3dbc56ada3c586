"""Rate limits over a redis-server, which the tests start by themselves: make test-redis."""
