"""Courses of sessions: their status, their visits, their pauses, and the recalls that follow them."""
