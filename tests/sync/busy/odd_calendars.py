"""All odd calendars, by which our reading and that of others is judged."""

from typing import Final

from tests.sync.busy import odd_series, odd_texts, odd_times
from tests.sync.busy.odd import Kind, Odd

KINDS: Final = [
    kind
    for module in (odd_texts, odd_times, odd_series)
    for kind in vars(module).values()
    if isinstance(kind, Kind)
]
ODD: Final[list[Odd]] = [one for kind in KINDS for one in kind.all]
