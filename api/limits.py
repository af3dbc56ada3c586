"""Rate limits: how much a key, a visitor and an address may ask for, counted in a store that servers share.

Flask-Limiter keeps the store: Redis or Valkey, and while that is away the memory of the process. It decides
before a view runs and by its route, though, while a key's limit is known only once the key is. So requests
are counted here, each once, by one command to the store.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask import Flask, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import Storage

from api import clock
from api.problems import Problem

# A store that does not answer must not hold a request up.
_STORE_SECONDS: Final = 0.25
_NAMESPACE: Final = "clinic"
_DAYS_OF_A_WEEK: Final = 7
_LONGEST_WEEKS: Final = 14
# What it costs to rank a week by the further visits that each slot leaves, in plain searches of a week.
_COMPACT: Final = 32


@dataclass(frozen=True, slots=True)
class Policy:
    """How much is allowed within a window; the name is the one in the fields `RateLimit` and its policy."""

    name: str
    limit: RateLimitItem

    @property
    def field(self) -> str:
        """The `RateLimit-Policy` field."""
        return f'"{self.name}";q={self.limit.amount};w={self.limit.get_expiry()}'


SECRET_KEY: Final = Policy("key", RateLimitItemPerSecond(1000, namespace=_NAMESPACE))
VISITOR: Final = Policy("visitor", RateLimitItemPerSecond(30, namespace=_NAMESPACE))
CALENDAR: Final = Policy("calendar", RateLimitItemPerSecond(100, namespace=_NAMESPACE))
ADDRESS: Final = Policy("address", RateLimitItemPerSecond(100, namespace=_NAMESPACE))
FAILURES: Final = Policy("failures", RateLimitItemPerMinute(10, namespace=_NAMESPACE))
POLICIES: Final = (SECRET_KEY, VISITOR, CALENDAR, ADDRESS, FAILURES)


class Limits:
    """The counters of an application, in the store at `url` or else in the memory of this process."""

    def __init__(self, app: Flask, url: str | None) -> None:
        timeouts = {"socket_timeout": _STORE_SECONDS, "socket_connect_timeout": _STORE_SECONDS}
        self._limiter = Limiter(
            lambda: "",  # We count by names of our own.
            app=app,
            storage_uri=url or "memory://",
            storage_options=timeouts if url else {},  # type: ignore[arg-type]  # floats reach the client as they are
            strategy="fixed-window",
            in_memory_fallback_enabled=url is not None,
            headers_enabled=False,
        )

    def count(self, policy: Policy, who: str, cost: int = 1) -> None:
        """Count the request against the policy, once however often it is tried; 429 over the limit.

        A single request costs at most half of what is allowed.
        """
        counted: set[str] = g.setdefault("counted", set())
        if policy.name in counted:
            return
        counted.add(policy.name)
        limit = policy.limit
        key = limit.key_for(policy.name, who)
        used = self._asked(
            lambda: self._storage.incr(key, limit.get_expiry(), amount=min(cost, limit.amount // 2 or 1))
        )
        left = limit.amount - used
        seconds = limit.get_expiry() if left >= 0 else self._asked(lambda: self._seconds(key))
        g.rate_limit = {
            "RateLimit-Policy": policy.field,
            "RateLimit": f'"{policy.name}";r={max(left, 0)};t={seconds}',
        }
        if left < 0:
            raise Problem("rate_limited", headers={"Retry-After": str(seconds)})

    def reset(self) -> None:
        """Forget what has been counted."""
        self._limiter.reset()

    @property
    def _storage(self) -> Storage:
        return self._limiter.limiter.storage

    def _seconds(self, key: str) -> int:
        """Give the whole seconds until the window ends, at least one."""
        return max(1, round(self._storage.get_expiry(key) - clock.now().timestamp() + 0.5))

    def _asked(self, ask: Callable[[], int]) -> int:
        """Ask the store; while it is away this process counts by itself, and Flask-Limiter looks after it."""
        try:
            return ask()
        except self._limiter.storage.base_exceptions:
            self._limiter._storage_dead = True  # noqa: SLF001 - only its own decorators can report a store
            return ask()


def search_cost() -> int:
    """Give the cost of the search that the query asks for: 1 a week, with `rank=compact` 32 times that."""
    try:
        first, until = (date.fromisoformat(request.args[name]) for name in ("from", "until"))
    except (KeyError, ValueError):
        return 1
    weeks = min(max(-(-(until - first).days // _DAYS_OF_A_WEEK), 1), _LONGEST_WEEKS)
    return weeks * (_COMPACT if request.args.get("rank") == "compact" else 1)
