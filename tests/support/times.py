"""Instants on 1 March 2027, a Monday of London's winter, as clients write them."""

DAY, NEXT_DAY = "2027-03-01", "2027-03-02"


def at(clock: str, day: str = DAY) -> str:
    """Give a clock time of a day in London's winter as an instant."""
    return f"{day}T{clock}:00+00:00"


def minutes_after(clock: str, minutes: int, day: str = DAY) -> str:
    """Give the instant that lies a number of minutes after a clock time of a day."""
    hour, minute = map(int, clock.split(":"))
    hour, minute = divmod(hour * 60 + minute + minutes, 60)
    return at(f"{hour:02}:{minute:02}", day)


TEN, ELEVEN = at("10:00"), at("11:00")
