"""Random clients act on a clinic one after the other, and its rows are sound after each act."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from models.database import Database
from tests.random_clients.booking import TheirBookings
from tests.random_clients.changing import TheirChanges
from tests.random_clients.day import TheirDay
from tests.random_clients.looking import TheirLooks
from tests.random_clients.practice import Cast, create_cast
from tests.random_clients.waiting import TheirWaiting
from tests.support.copying import Copied

EXAMPLES, STEPS = 6, 20


class RandomClients(TheirBookings, TheirDay, TheirChanges, TheirWaiting, TheirLooks):
    """All acts of all clients, in any order."""


def test_whatever_clients_do_the_clinic_stays_sound(copied: Copied[Cast], database: Database) -> None:
    def clinic() -> RandomClients:
        return RandomClients(database, copied(create_cast))

    run_state_machine_as_test(
        clinic,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
