"""Knows the public holidays of countries and of their subdivisions."""

from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Final
from warnings import catch_warnings, simplefilter

from holidays import PUBLIC, country_holidays

_YEARS: Final = range(2000, 2101)
_loading = Lock()


def is_known(country: str, subdivision: str | None = None) -> bool:
    """Tell whether holidays are known for a country and, if one is named, for its subdivision.

    Codes are those of ISO 3166-1 (GB) and ISO 3166-2 without the country (ENG).
    """
    try:
        known = country_holidays(country).subdivisions
    except NotImplementedError:
        return False
    return subdivision is None or subdivision in known


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None) -> tuple[date, ...]:
    """Give the dates of a century, sorted, the days observed in their stead included."""
    if not is_known(country, subdivision):
        # A later release may drop a place that was known: its clinic's catalogue loads all the same.
        return ()
    # One at a time, because the filters of warnings belong to the whole process.
    with _loading, catch_warnings():
        # A country may warn that it knows the movable days of some of the years only.
        simplefilter("ignore")
        found = country_holidays(country, subdivision, years=_YEARS, observed=True, categories=PUBLIC)
    return tuple(sorted(found))
