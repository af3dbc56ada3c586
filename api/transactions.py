"""One request as one transaction, repeated when PostgreSQL had to abort it for the sake of another."""

import time
from collections.abc import Callable
from typing import TypeVar

from psycopg.errors import DeadlockDetected, ExclusionViolation, SerializationFailure
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.database import Database

RETRIES = 3
_FIRST_PAUSE_SECONDS = 0.01
_PASSING = (DeadlockDetected, SerializationFailure, ExclusionViolation)

T = TypeVar("T")


def run(database: Database, work: Callable[[Session], T], *, one_snapshot: bool = False) -> T:
    """Do the work in a transaction and commit; after an error that may pass, try again at most 3 times.

    After 40P01 and 40001 the work may simply succeed; after 23P01 the engine sees the visit that it collided
    with, and answers with every reason.
    """
    for attempt in range(RETRIES):
        try:
            return _once(database, work, one_snapshot)
        except DBAPIError as error:
            if not isinstance(error.orig, _PASSING):
                raise
        time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
    return _once(database, work, one_snapshot)


def _once(database: Database, work: Callable[[Session], T], one_snapshot: bool) -> T:
    with database.transaction(one_snapshot=one_snapshot) as session:
        return work(session)
