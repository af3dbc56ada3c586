"""Gives the public holidays of countries and their subdivisions."""

from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Final
from warnings import catch_warnings, simplefilter

from holidays import PUBLIC, country_holidays

_YEARS: Final = range(2000, 2101)
_loading = Lock()


def is_known(country: str, subdivision: str | None = None) -> bool:
    """Tell whether holidays are known for a country and for its subdivision, if any.

    The codes are those of ISO 3166-1 (GB), and of ISO 3166-2 without the country (ENG).
    """
    try:
        known = country_holidays(country).subdivisions
    except NotImplementedError:
        return False
    return subdivision is None or subdivision in known


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None) -> tuple[date, ...]:
    """Give the sorted dates of the years 2000 to 2100, including substitute days."""
    if not is_known(country, subdivision):
        # A later release of `holidays` may drop a place; the clinic's catalogue must load all the same.
        return ()
    # Only one thread at a time, because the filters of warnings belong to the whole process.
    with _loading, catch_warnings():
        # Some countries warn that their movable days are known for only some of the years.
        simplefilter("ignore")
        found = country_holidays(country, subdivision, years=_YEARS, observed=True, categories=PUBLIC)
    return tuple(sorted(found))
