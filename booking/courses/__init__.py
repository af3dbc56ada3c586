"""Courses of sessions: their state, their visits, and the recalls that follow them."""
