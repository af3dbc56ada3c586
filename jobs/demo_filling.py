"""Fills the demo clinic with three months of visits, and goes on where an earlier run was killed."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import select
from tqdm import tqdm

from booking.catalogue.patients import Patients
from booking.core.caller import Caller
from booking.questions.catalog import load_catalog
from config import Settings
from jobs import demo_card
from jobs.demo_card import FILLING, Card
from jobs.demo_people import external_id, patient
from jobs.demo_plan import PlannedVisit, Scale, Site, draw_up
from jobs.demo_visits import ACTOR, Performance, Stage, request_id
from models import AuditEntry, Patient
from models.database import Database
from scheduling.catalog import Location

_SEED: Final = 20261122
_SAVED_EVERY: Final = 20
# On a terminal that does not tell its size, the bar would have no width and stay invisible.
_COLUMNS, _ROWS = 80, 24
_THREE_MONTHS: Final = Scale()


@dataclass(slots=True)
class _Tally:
    """The visits and acts that this run has done so far."""

    visits: int = 0
    acts: int = 0


def fill(database: Database, settings: Settings, card: Card, scale: Scale = _THREE_MONTHS) -> None:
    """Book the planned visits that are still missing, and save progress; wait for any other filling."""
    with demo_card.alone(settings, FILLING):
        card = _newest(settings, card)
        if card.complete:
            _say("The demo clinic is complete.")
            return
        begun = time.monotonic()
        tally = _fill(database, settings, card, scale)
        seconds = time.monotonic() - begun
        rate = tally.visits / seconds
        _say(f"Demo: {tally.visits} visits, {tally.acts} acts in {seconds:.0f} s ({rate:.0f} visits/s).")


def begin(database: Database, card: Card) -> Card:
    """Carry out the first visit alone, the consultation that the printed command's patient needs."""
    stage = _stage(database, card)
    first, *_ = _plan(stage, card, _THREE_MONTHS)
    _perform(Performance(stage, first, 0, card.patient_id), None, _Tally())
    return replace(card, filled=1)


def _plan(stage: Stage, card: Card, scale: Scale) -> Sequence[PlannedVisit]:
    return draw_up([_site(place) for place in stage.locations], card.made_at, scale, _SEED)


def _newest(settings: Settings, card: Card) -> Card:
    """Give the stored card if it is still this clinic's: another process may have filled more by now."""
    stored = demo_card.load(settings)
    return stored if stored is not None and stored.clinic_id == card.clinic_id else card


def _fill(database: Database, settings: Settings, card: Card, scale: Scale) -> _Tally:
    stage = _stage(database, card)
    plan = _plan(stage, card, scale)
    patients, booked = _known_patients(stage), _booked(stage)
    tally = _Tally()
    for number, planned in _watched(plan, card.filled):
        name = external_id(planned.patient)
        if name not in patients:
            patients[name] = _add_patient(stage, planned, number)
        _perform(Performance(stage, planned, number, patients[name]), booked.get(request_id(number)), tally)
        if (number + 1) % _SAVED_EVERY == 0:
            demo_card.save(settings, replace(card, filled=number + 1))
    demo_card.save(settings, replace(card, filled=len(plan), complete=True))
    return tally


def _site(place: Location) -> Site:
    return Site(place.zone, frozenset(period.weekday for period in place.opening_hours))


def _perform(performance: Performance, interrupted: UUID | None, tally: _Tally) -> None:
    visit = performance.look(interrupted) if interrupted else performance.book()
    if visit is not None:
        performance.live_through(visit, interrupted=interrupted is not None)
        tally.visits += 1
    tally.acts += performance.acts


def _stage(database: Database, card: Card) -> Stage:
    with database.transaction(card.clinic_id) as session:
        catalog = load_catalog(Caller(session, card.clinic_id, card.made_at)).engine
    # Ids sort by creation, so the order of the locations is the same for every run.
    # The closed location is there for the examples of the API alone.
    open_places = (one for one in catalog.locations.values() if one.opening_hours)
    places = sorted(open_places, key=lambda location: location.id)
    procedures = {procedure.code: procedure.id for procedure in catalog.procedures.values()}
    return Stage(database, card.clinic_id, places, procedures, card.made_at)


def _known_patients(stage: Stage) -> dict[str | None, UUID]:
    with stage.database.transaction(stage.clinic_id) as session:
        rows = session.execute(
            select(Patient.external_id, Patient.id).where(
                Patient.clinic_id == stage.clinic_id, Patient.external_id.is_not(None)
            )
        )
        return dict(rows.all())


def _add_patient(stage: Stage, planned: PlannedVisit, number: int) -> UUID:
    with stage.database.transaction(stage.clinic_id) as session:
        caller = Caller(
            session, stage.clinic_id, planned.booked_at, actor=ACTOR, request_id=request_id(number)
        )
        made: UUID = Patients(caller).create(patient(planned.patient))["id"]
        return made


def _booked(stage: Stage) -> dict[str | None, UUID]:
    """Give the appointments that an interrupted run has booked, by the request id of their visit."""
    with stage.database.transaction(stage.clinic_id) as session:
        rows = session.execute(
            select(AuditEntry.request_id, AuditEntry.subject_id).where(
                AuditEntry.clinic_id == stage.clinic_id,
                AuditEntry.action == "appointment.booked",
                AuditEntry.actor == ACTOR,
            )
        )
        return dict(rows.all())


def _watched(plan: Sequence[PlannedVisit], done: int) -> Iterator[tuple[int, PlannedVisit]]:
    """Go through the rest of the plan, and show a bar on a terminal, or a line for each tenth elsewhere."""
    rest = enumerate(plan[done:], start=done)
    if sys.stderr.isatty():
        yield from tqdm(
            rest, "Demo clinic", len(plan), initial=done, unit=" visits", ncols=_COLUMNS, nrows=_ROWS
        )
        return
    for number, planned in rest:
        yield number, planned
        tenth = (number + 1) * 10 // len(plan)
        if tenth > number * 10 // len(plan):
            _say(f"Demo clinic: {tenth * 10} % of {len(plan)} visits.")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
