"""Times the search among 100,000 patients over HTTP, beside the function that it calls in raw SQL."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from bench.timing import Series, timed
from bench.traffic import Client
from booking.catalogue.clinics import create_clinic
from models import Patient
from models.database import Database
from models.folding import search_text

PATIENTS: Final = 100_000
_BATCH: Final = 5_000
_CALLS: Final = 40
_FIRST: Final = ("Anna", "José", "Katherine", "John", "Søren", "Maria", "Michael", "Sarah", "Zoë", "Thomas")
_PARTS: Final = ("an", "ber", "car", "do", "fa", "gre", "hen", "ka", "lu", "man", "ova", "ri", "son", "wil")
_FIND: Final = "SELECT * FROM find_patients(%s, '{}', NULL, NULL, NULL, 51)"


class People(NamedTuple):
    """A clinic with many patients, its key, and one of their names."""

    clinic_id: UUID
    key: str
    name: str


def make(database: Database, now: datetime) -> People:
    """Make a clinic with 100,000 patients; their names are drawn by chance, always the same."""
    made = create_clinic(database, name="People", timezone="Europe/London", catalogue="none", now=now)
    chance = random.Random(1)
    rows: Sequence[dict[str, Any]] = ()
    for _ in range(PATIENTS // _BATCH):
        rows = [_person(made.clinic_id, chance) for _ in range(_BATCH)]
        with database.transaction(made.clinic_id) as session:
            session.execute(insert(Patient), rows)
    with database.glance() as connection:
        connection.execute(text("VACUUM ANALYZE patients"))
    return People(made.clinic_id, made.admin_key, rows[-1]["name"])


def _person(clinic_id: UUID, chance: random.Random) -> dict[str, Any]:
    last = "".join(chance.choices(_PARTS, k=chance.randint(2, 4)))
    name = f"{chance.choice(_FIRST)} {last.capitalize()}"
    email, phone = f"{last}{chance.randrange(10**6)}@example.org", f"+447{chance.randrange(10**8, 10**9)}"
    values = {"name": name, "email": email, "phone": phone}
    return {"clinic_id": clinic_id, "id": uuid7(), **values, "search_text": search_text(**values)}


def measure(client: Client, url: str, people: People) -> Iterator[tuple[Series, Series]]:
    """Yield a series for each kind of query, with that of the function alone."""
    first, last = people.name.split()
    slipped = f"{last[:2]}{last[3]}{last[2]}{last[4:]}"
    queries = {"a name": people.name, "a first name": first, "a slip": slipped, "a phone's part": "07911 12"}
    pattern = ([f"%{last.lower()}%"],)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT set_config('clinic.id', %s, false)", (str(people.clinic_id),))

        def search(query: str) -> bytes:
            return client.get("/v1/patients", {"q": query})

        def look_up(_: object) -> None:
            connection.execute(_FIND, pattern).fetchall()

        for kind, query in queries.items():
            found = timed(f"search {PATIENTS} patients by {kind}", search, [query] * _CALLS)
            yield found, timed("  a name by its index, in raw SQL", look_up, range(_CALLS))
