"""A small demo clinic, filled once for all tests that only read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from config import Settings
from jobs import demo
from jobs.demo_card import Card
from jobs.demo_plan import Scale
from models.database import Database

MADE_AT = datetime(2026, 11, 19, 15, 20, tzinfo=UTC)
SMALL = Scale(past_days=44, ahead_days=4, visits_a_month=27)


@dataclass(frozen=True)
class DemoClinic:
    """A demo clinic in a data directory of its own."""

    database: Database
    settings: Settings
    card: Card

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a transaction bound to the clinic."""
        with self.database.transaction(self.card.clinic_id) as session:
            yield session

    def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        """Give the rows that a query finds in this clinic."""
        with self.session() as session:
            return list(session.execute(text(statement), values))


def make_demo(database: Database, folder: Path, now: datetime = MADE_AT) -> DemoClinic:
    """Make a demo clinic with nothing booked yet."""
    settings = Settings(database_url=database.url, data_dir=folder)
    return DemoClinic(database, settings, demo.prepare(database, settings, now))


@pytest.fixture
def fresh(database: Database, tmp_path: Path) -> DemoClinic:
    """Make a demo clinic with nothing booked yet."""
    return make_demo(database, tmp_path)


@pytest.fixture(scope="package")
def filled(database: Database, tmp_path_factory: pytest.TempPathFactory) -> DemoClinic:
    """Make a demo clinic with some weeks of visits."""
    clinic = make_demo(database, tmp_path_factory.mktemp("demo"))
    demo.fill(database, clinic.settings, clinic.card, SMALL)
    return clinic
