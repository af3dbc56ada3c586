"""Long polls: look for news until there is some, without a connection or transaction between two looks."""

from dataclasses import dataclass
from time import monotonic
from time import sleep as rest
from typing import Any, Final
from uuid import UUID

from flask import g

from api.blueprints import Look
from api.state import state

# A committed change becomes readable once older transactions have ended, mostly within milliseconds.
_PAUSES_SECONDS: Final = (0.01, 0.02, 0.02, 0.02, 0.03, 0.05, 0.05, 0.1, 0.1, 0.2)
_SETTLE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a look: whether there is news or some is `pending`, and for how many seconds to `wait`.

    `heard` is the number of the clinic's last announcement that was heard before the look.
    """

    clinic_id: UUID
    heard: int
    news: bool
    pending: bool
    wait: int


def until_news(look: Look) -> Any:  # noqa: ANN401 - whatever the view answers
    """Give the first answer with news, or the last within the seconds that the view's `g.seen` allows.

    A client that does not wait is kept for a moment while a change is pending: it shall read its own write.
    """
    begun = monotonic()
    answer, seen = look(), g.seen
    if seen.wait and not seen.news:
        with state().waiting.seat() as seated:
            if seated:
                return _wait(look, answer, begun + seen.wait)
    pauses = iter(_PAUSES_SECONDS)
    while g.seen.pending and not (seen.wait and g.seen.news) and monotonic() < begun + _SETTLE_SECONDS:
        rest(next(pauses))
        answer = look()
    return answer


def _wait(look: Look, answer: Any, end: float) -> Any:  # noqa: ANN401 - see above
    waiting, pauses = state().waiting, iter(_PAUSES_SECONDS)
    while not g.seen.news and monotonic() < end and not waiting.stopping():
        if g.seen.pending:
            # An older transaction is still open, perhaps for long: we look less and less often.
            rest(min(next(pauses, _PAUSES_SECONDS[-1]), max(end - monotonic(), 0)))
        else:
            waiting.wait(g.seen.clinic_id, g.seen.heard, end)
            pauses = iter(_PAUSES_SECONDS)
            # Several commits in a row are one look.
            rest(_PAUSES_SECONDS[0])
        answer = look()
    return answer
