"""Tests of online booking: codes, tokens, links, and what patients do for themselves."""
