"""Online booking: what patients do for themselves by a widget or a link."""
