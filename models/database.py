"""The way into the database: a pool of connections, and transactions bound to a clinic."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models.serialization import dumps, loads

_CONNECT_SECONDS = 5
_BIND = text("SELECT set_config('clinic.id', :clinic_id, true)")
# These bounds keep a slow or lost client from delaying what all others see as committed.
_SESSION_OPTIONS = (
    "-c idle_in_transaction_session_timeout=30s -c lock_timeout=5s -c statement_timeout=30s -c jit=off"
    " -c search_path=public,queue"
)


class Database:
    """A pool of connections as a plain role, to which row-level security applies."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.options = _merged_options(url)
        self.engine: Engine = create_engine(
            url.replace("postgresql://", "postgresql+psycopg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # An error's text must never carry a patient's data into a log.
            json_serializer=dumps,
            json_deserializer=loads,
            connect_args={"options": self.options, "connect_timeout": _CONNECT_SECONDS},
        )
        self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self, clinic_id: UUID | None = None, *, one_snapshot: bool = False) -> Iterator[Session]:
        """Open a transaction, bound to the clinic if given; commit at the end, roll back on an error.

        With `one_snapshot` all that it reads is as it was at a single instant: for acts that only read.
        """
        engine = self._snapshots if one_snapshot else self.engine
        with Session(engine, expire_on_commit=False, autoflush=False) as session, session.begin():
            if clinic_id is not None:
                bind(session, clinic_id)
            yield session

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """Give a connection on which each statement is its own transaction: a look costs one round trip."""
        with self._single.connect() as connection:
            yield connection

    def connect_alone(self) -> psycopg.Connection:
        """Open a connection outside of the pool, in autocommit, for a thread that waits and listens."""
        return psycopg.connect(
            self.url, options=self.options, connect_timeout=_CONNECT_SECONDS, autocommit=True
        )

    def ping(self) -> bool:
        """Return whether the database answers."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except OperationalError:
            return False
        return True

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def bind(session: Session, clinic_id: UUID) -> None:
    """Bind the transaction to a clinic: from here on row-level security shows no other clinic's rows."""
    session.execute(_BIND, {"clinic_id": str(clinic_id)})


def _merged_options(url: str) -> str:
    """Add our session options to those that the URL itself carries, any number of times."""
    return " ".join((*make_url(url).normalized_query.get("options", ()), _SESSION_OPTIONS))
