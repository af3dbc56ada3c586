"""Flags: the marks on booked visits that the rules would refuse by now, and who writes and clears them."""
