"""Loads a clinic's catalogue as the engine's values, once for each version of the catalogue."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from operator import attrgetter
from threading import Lock
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

import models
from booking.core.caller import Caller
from booking.core.locks import lock_catalogue
from booking.core.stored_values import read_value
from booking.questions.public_holidays import public_holidays
from models import CatalogVersion
from scheduling import catalog as values
from scheduling import rulebook
from scheduling.ticks import ceil_tick, floor_tick

_CACHED_CLINICS: Final = 256


@dataclass(frozen=True, slots=True)
class ClinicCatalog:
    """The engine's catalogue at one version, and which procedures and locations are retired.

    `online` are the procedures that patients book by a widget.
    `paired_rules` are the spacing rules whose two sides both match a procedure of the clinic: no other
    rule can apply between two appointments.
    """

    version: int
    engine: values.Catalog
    retired: frozenset[UUID]
    online: frozenset[UUID]
    paired_rules: tuple[rulebook.SpacingRule, ...]


_cache: OrderedDict[UUID, ClinicCatalog] = OrderedDict()
_cache_lock = Lock()


def load_catalog(caller: Caller) -> ClinicCatalog:
    """Give the clinic's catalogue; under the lock of the catalogue, no other act can change it meanwhile."""
    version = _version(caller)
    with _cache_lock:
        known = _cache.get(caller.clinic_id)
        if known is not None and known.version == version:
            _cache.move_to_end(caller.clinic_id)
            return known
    loaded = _load_whole(caller, version)
    with _cache_lock:
        _cache[caller.clinic_id] = loaded
        if len(_cache) > _CACHED_CLINICS:
            _cache.popitem(last=False)
    return loaded


def locked_catalogue(caller: Caller) -> ClinicCatalog:
    """Lock the clinic's catalogue until the transaction ends, and give it."""
    lock_catalogue(caller)
    return load_catalog(caller)


def _version(caller: Caller) -> int:
    statement = select(CatalogVersion.version).where(CatalogVersion.clinic_id == caller.clinic_id)
    return caller.session.scalar(statement) or 0


def _load_whole(caller: Caller, version: int) -> ClinicCatalog:
    """Read the catalogue at a single version: if it changes during the read, lock it and read it again."""
    loaded = read_catalog(caller, version)
    if _version(caller) != version:
        lock_catalogue(caller)
        loaded = read_catalog(caller, _version(caller))
    return loaded


def read_catalog(caller: Caller, version: int = 0) -> ClinicCatalog:
    """Read the catalogue past the cache, as this transaction sees it, with its own changes."""
    rows = _Reader(caller.session, caller.clinic_id)
    locations, procedures = rows.of(models.Location), rows.of(models.Procedure)
    catalog = values.Catalog(
        locations=_locations(rows, locations),
        therapists=_therapists(rows),
        rooms={
            row.id: values.Room(row.id, row.location_id, row.kind, row.capacity, row.active)
            for row in rows.of(models.Room)
        },
        devices={
            row.id: values.Device(row.id, row.location_id, row.kind, row.room_id, row.active)
            for row in rows.of(models.Device)
        },
        procedures=_procedures(rows, procedures),
        spacing_rules=tuple(_rule(row) for row in rows.of(models.SpacingRule) if row.active),
        hold_rules={row.code: _hold_rule(row) for row in rows.of(models.HoldRule) if row.active},
        course_templates={row.id: _template(row) for row in rows.of(models.CourseTemplate)},
    )
    retired = frozenset(row.id for row in (*locations, *procedures) if not row.active)
    online = frozenset(row.id for row in procedures if row.online and row.active)
    return ClinicCatalog(version, catalog, retired, online, tuple(_paired(catalog)))


def _paired(catalog: values.Catalog) -> Iterator[rulebook.SpacingRule]:
    known = catalog.procedures.values()
    for rule in catalog.spacing_rules:
        sides = (rule.after, rule.before)
        if all(any(_names(side, procedure, catalog) for procedure in known) for side in sides):
            yield rule


def _names(side: rulebook.Matcher, procedure: values.Procedure, catalog: values.Catalog) -> bool:
    templates = catalog.course_templates.values()
    return (
        side.family in {None, procedure.family}
        and side.procedure in {None, procedure.code}
        and side.event in {None, procedure.counts_as}
        and (
            side.template is None
            or any(one.code == side.template and procedure.id in one.procedure_ids for one in templates)
        )
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    session: Session
    clinic_id: UUID

    def of(self, model: Any) -> list[Any]:  # noqa: ANN401 - any mapped class
        """Read all rows of the clinic, refreshed from the database."""
        key = inspect(model).primary_key
        statement = select(model).where(model.clinic_id == self.clinic_id).order_by(*key)
        return list(self.session.scalars(statement.execution_options(populate_existing=True)))


def _locations(rows: _Reader, locations: Iterable[Any]) -> dict[UUID, values.Location]:
    hours = _grouped(rows.of(models.OpeningHours), "location_id")
    closures = _grouped(rows.of(models.Closure), "location_id")
    special: defaultdict[UUID, list[values.SpecialDay]] = defaultdict(list)
    for day, hours_of_day in _special(rows, models.SpecialOpeningDay, models.SpecialOpeningPeriod):
        special[day.location_id].append(hours_of_day)
    travel = _travel(rows.of(models.TravelTime))
    return {
        row.id: values.Location(
            row.id,
            ZoneInfo(row.timezone),
            tuple(_period(period) for period in hours[row.id]),
            tuple(
                values.Closure(closure.id, floor_tick(closure.starts_at), ceil_tick(closure.ends_at))
                for closure in closures[row.id]
            ),
            read_value(values.Policy, row.policy),
            _holidays(row),
            tuple(special[row.id]),
            travel[row.id],
        )
        for row in locations
    }


def _travel(rows: Iterable[models.TravelTime]) -> Mapping[UUID, dict[UUID, int]]:
    """Give the minutes of each way at both of its ends; the larger, when the two state different minutes."""
    travel: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    for row in rows:
        for here, there in permutations((row.location_id, row.other_location_id)):
            travel[here][there] = max(row.minutes, travel[here].get(there, 0))
    return travel


def _holidays(row: models.Location) -> tuple[date, ...]:
    if row.country is None or not row.observes_public_holidays:
        return ()
    return public_holidays(row.country, row.subdivision)


def _therapists(rows: _Reader) -> dict[UUID, values.Therapist]:
    qualifications = _grouped(rows.of(models.Qualification), "therapist_id")
    hours = _grouped(rows.of(models.WorkingHours), "therapist_id")
    special: defaultdict[UUID, dict[UUID, tuple[values.SpecialDay, ...]]] = defaultdict(dict)
    for day, hours_of_day in _special(rows, models.SpecialWorkingDay, models.SpecialWorkingPeriod):
        own = special[day.therapist_id]
        own[day.location_id] = (*own.get(day.location_id, ()), hours_of_day)
    return {
        row.id: values.Therapist(
            row.id,
            row.treats,
            tuple(
                values.Qualification(
                    one.code, one.valid_from, one.valid_until, one.location_id, one.max_depth_mm
                )
                for one in qualifications[row.id]
            ),
            {
                location_id: tuple(_period(period) for period in periods)
                for location_id, periods in _grouped(hours[row.id], "location_id").items()
            },
            row.active,
            special[row.id],
        )
        for row in rows.of(models.Therapist)
    }


def _special(
    rows: _Reader,
    days: Any,  # noqa: ANN401 - either mapped class
    periods: Any,  # noqa: ANN401
) -> Iterator[tuple[Any, values.SpecialDay]]:
    """Yield each row of special hours with its value, in order of the dates."""
    parts = _grouped(rows.of(periods), "day_id")
    for row in sorted(rows.of(days), key=attrgetter("on")):
        yield row, values.SpecialDay(row.on, tuple(sorted((one.starts, one.ends) for one in parts[row.id])))


def _procedures(rows: _Reader, procedures: Iterable[Any]) -> dict[UUID, values.Procedure]:
    phases = _grouped(rows.of(models.Phase), "procedure_id")
    return {
        row.id: values.Procedure(
            id=row.id,
            code=row.code,
            family=row.family,
            areas=tuple(row.areas),
            choose_areas=row.choose_areas,
            depth_mm=row.depth_mm,
            qualifications=tuple(row.qualifications),
            qualifications_any=tuple(row.qualifications_any),
            counts_as=row.counts_as,
            phases=tuple(_phase(phase) for phase in phases[row.id]),
            prerequisites=tuple(read_value(rulebook.Prerequisite, stored) for stored in row.prerequisites),
        )
        for row in procedures
    }


def _phase(row: models.Phase) -> values.Phase:
    return values.Phase(
        name=row.name,
        kind=row.kind,
        minutes=row.minutes,
        min_minutes=row.min_minutes,
        max_minutes=row.max_minutes,
        therapist=row.therapist,
        assistant=row.assistant,
        room_kinds=tuple(row.room_kinds),
        device_kinds=tuple(row.device_kinds),
        patient=row.patient,
        at_minute=row.at_minute,
    )


def _rule(row: models.SpacingRule) -> rulebook.SpacingRule:
    return rulebook.SpacingRule(
        id=row.id,
        code=row.code,
        after=_matcher(row.after),
        before=_matcher(row.before),
        scope=row.scope,
        floor_days=row.floor_days,
        min_days=row.min_days,
        recommended_days=row.recommended_days,
        overdue_days=row.overdue_days,
        override_by=row.override_by,
    )


def _hold_rule(row: models.HoldRule) -> rulebook.HoldRule:
    return rulebook.HoldRule(
        code=row.code,
        rule_id=row.rule_id,
        blocks=row.effect == "block",
        numbing_only=row.against == "numbing",
        days_after_resolved=row.days_after_resolved,
        minimum_age=row.minimum_age,
        released_by=row.released_by,
    )


def _matcher(value: dict[str, Any]) -> rulebook.Matcher:
    return rulebook.Matcher(
        family=value.get("family"),
        procedure=value.get("procedure"),
        event=value.get("event"),
        areas=tuple(value.get("areas") or ()),
        template=value.get("template"),
    )


def _template(row: models.CourseTemplate) -> rulebook.CourseTemplate:
    return rulebook.CourseTemplate(
        code=row.code,
        procedure_ids=tuple(row.procedure_ids),
        sessions=row.sessions,
        maintenance_opens_months=row.maintenance_opens_months,
        maintenance_closes_months=row.maintenance_closes_months,
    )


def _period(row: models.OpeningHours | models.WorkingHours) -> values.WeeklyPeriod:
    return values.WeeklyPeriod(
        row.weekday, row.starts, row.ends, row.valid_from, row.valid_until, row.every_weeks
    )


def _grouped(rows: Iterable[Any], key: str) -> defaultdict[UUID, list[Any]]:
    groups: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return groups
