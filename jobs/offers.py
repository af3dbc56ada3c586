"""Offers freed time to the entries of the waitlist in turn, each in a transaction of its own."""

from datetime import datetime
from uuid import UUID

from booking.core.caller import Caller
from booking.waitlist.offers import offer, waiting
from booking.waitlist.suitable_times import Freed
from jobs.rounds import ACTOR
from models.database import Database


def offer_freed(database: Database, clinic_id: UUID, freed: Freed, now: datetime, real_now: datetime) -> int:
    """Offer freed time, first come first served, and give the number of offers.

    `now` is the clinical clock, `real_now` the real clock, by which offers expire; both are aware.
    """
    with database.transaction(clinic_id) as session:
        entries = waiting(Caller(session, clinic_id, now), freed.location_id)
    made = 0
    for entry_id in entries:
        with database.transaction(clinic_id) as session:
            caller = Caller(session, clinic_id, now, real_now=real_now, actor=ACTOR)
            made += offer(caller, entry_id, freed)
    return made
