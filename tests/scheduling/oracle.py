"""Answer the engine's questions by brute force: every tick, every combination, plain datetimes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from scheduling.catalog import Catalog, Phase, SpecialDay, Therapist, WeeklyPeriod
from scheduling.clinical import default_depth_limit, includes
from scheduling.questions import Question
from scheduling.ticks import from_tick
from tests.scheduling.clinical_oracle import clinical_codes

Taken = dict[tuple[object, int], list[tuple[int, int]]]
Elsewhere = Sequence[tuple[object, object, int, int]]
"""Visits at other locations: person, location, start and end tick."""


def timetable(phases: tuple[Phase, ...], start: int) -> list[tuple[int, int]]:
    """Return each phase's ticks."""
    found, end = [], start
    for phase in phases:
        begin = end if phase.at_minute is None else start + phase.at_minute // 5
        end = begin + phase.minutes // 5
        found.append((begin, end))
    return found


def lengthened(phases: tuple[Phase, ...], minutes: Mapping[str, int]) -> tuple[Phase, ...]:
    """Return the phases at the lengths that are chosen by name.

    One after the other is made longer or shorter, and every phase that begins when it ends, or later, moves
    along with it; all others stay.
    """
    for changed, name in enumerate([phase.name for phase in phases]):
        more = minutes.get(name, phases[changed].minutes) - phases[changed].minutes
        table = timetable(phases, 0)
        phases = tuple(
            replace(
                phase,
                minutes=phase.minutes + (more if number == changed else 0),
                at_minute=begin * 5 + (more if begin >= table[changed][1] and number != changed else 0),
            )
            for number, (phase, (begin, _)) in enumerate(zip(phases, table, strict=True))
        )
    return phases


def meets(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return max(first[0], second[0]) < min(first[1], second[1])


def is_free(taken: Taken, resource: object, lane: int, span: tuple[int, int]) -> bool:
    return not any(meets(other, span) for other in taken.get((resource, lane), []))


def instant(on: date, minute: int, zone: ZoneInfo, *, closing: bool) -> float:
    """Return the epoch seconds of a wall-clock time."""
    if minute == 1440:
        return datetime.combine(on + timedelta(days=1), time(), zone).timestamp()
    local = datetime.combine(on, time(minute // 60, minute % 60), zone)
    both = [local.timestamp(), local.replace(fold=1).timestamp()]
    return max(both) if closing else both[0]


Hours = tuple[Iterable[WeeklyPeriod], Iterable[SpecialDay]]


def within(hours: Hours, tick: int, zone: ZoneInfo) -> bool:
    """Return whether the five minutes of a tick lie in weekly hours, or in special hours of their date."""
    seconds, today = tick * 300, from_tick(tick).astimezone(zone).date()
    around = (today - timedelta(days=1), today, today + timedelta(days=1))
    weekly, special = hours
    named = {one.on: one.periods for one in special}
    for on in around:
        for starts, ends in named.get(on, ()):
            if instant(on, starts, zone, closing=False) <= seconds < instant(on, ends, zone, closing=True):
                return True
    for period in weekly:
        for on in around:
            if on in named:
                continue
            valid = (period.valid_from or date.min) <= on <= (period.valid_until or date.max)
            if period.every_weeks > 1 and valid:
                weeks = 0
                while (period.valid_from or on) + timedelta(days=7 * (weeks + 1)) <= on:
                    weeks += 1
                valid = weeks % period.every_weeks == 0
            if (
                valid
                and on.weekday() == period.weekday
                and instant(on, period.starts, zone, closing=False) <= seconds
                and seconds < instant(on, period.ends, zone, closing=True)
            ):
                return True
    return False


class Oracle:
    """A question about a clinic."""

    def __init__(self, question: Question, catalog: Catalog, taken: Taken, elsewhere: Elsewhere = ()) -> None:
        self.question, self.catalog, self.taken = question, catalog, taken
        self.elsewhere = elsewhere
        self.location, self.procedure = question.location, question.procedure
        self.zone = self.location.zone
        self._within: dict[tuple[object, int], bool] = {}

    def inside(self, who: object, hours: Hours, span: tuple[int, int]) -> bool:
        for tick in range(*span):
            if (who, tick) not in self._within:
                self._within[who, tick] = within(hours, tick, self.zone)
        return all(self._within[who, tick] for tick in range(*span))

    def bookable(self, start: int) -> bool:
        """Return whether an arrival has no refusal."""
        return not self.plain_codes(start) and self.staff_possible(start) and self.places_possible(start)

    def plain_codes(self, start: int) -> set[str]:
        """Return the codes that need no choice of staff, rooms or devices."""
        question, policy, spans = self.question, self.location.policy, timetable(self.procedure.phases, start)
        arrival, codes = from_tick(start), set()
        local, today = arrival.astimezone(self.zone), question.now.astimezone(self.zone).date()
        opening = (self.location.opening_hours, self.location.special_hours)
        if not all(self.inside("open", opening, span) for span in spans):
            codes.add("outside_opening_hours")
        if any(meets((c.starts, c.ends), span) for c in self.location.closures for span in spans):
            codes.add("location_closed")
        if any(self.on_holiday(tick) for span in spans for tick in range(*span)):
            codes.add("location_closed")
        if (local.hour * 60 + local.minute) % policy.grid_minutes:
            codes.add("off_grid")
        if arrival + timedelta(minutes=5) <= question.now:
            codes.add("in_the_past")
        elif arrival < question.now + timedelta(minutes=policy.min_notice_minutes or -5):
            codes.add("min_notice")
        if local.date() > today + timedelta(days=policy.horizon_days):
            codes.add("beyond_horizon")
        if question.patient:
            leaves = max(e for (_, e), p in zip(spans, self.procedure.phases, strict=True) if p.patient)
            if any(meets(busy, (start, leaves)) for busy in question.patient.busy):
                codes.add("patient_busy")
        codes |= {code for code, _ in clinical_codes(question, self.catalog, start)}
        return codes - question.waived

    def on_holiday(self, tick: int) -> bool:
        on = from_tick(tick).astimezone(self.zone).date()
        opens = any(one.on == on and one.periods for one in self.location.special_hours)
        return on in self.location.holidays and not opens

    def person_codes(
        self,
        person: Therapist,
        groups: list[tuple[str, ...]],
        spans: list[tuple[int, int]],
        start: int,
        *,
        leads: bool,
    ) -> set[str]:
        """Return the codes against a member of staff for a part of the visit."""
        codes = set()
        here = self.location.id
        hours = (person.working_hours.get(here, ()), person.special_hours.get(here, ()))
        if not all(self.inside(person.id, hours, span) for span in spans):
            codes.add("therapist_not_working")
        if not all(is_free(self.taken, person.id, 0, span) for span in spans):
            codes.add("therapist_busy")
        if not all(self.arrives(person.id, span) for span in spans):
            codes.add("therapist_travelling")
        if leads and not (person.active and person.treats):
            codes.add("therapist_unqualified")
        on = from_tick(start).astimezone(self.zone).date()
        today = self.question.now.astimezone(self.zone).date()
        for group in groups:
            fits = [
                q
                for q in person.qualifications
                if q.location_id in (None, self.location.id) and any(includes(q.code, code) for code in group)
            ]
            valid = [q for q in fits if (q.valid_from or date.min) <= on <= (q.valid_until or date.max)]
            if not valid:
                held = any((q.valid_from or date.min) <= today <= (q.valid_until or date.max) for q in fits)
                codes.add("qualification_expires" if held else "therapist_unqualified")
            elif leads and not any(self.deep_enough(q.code, q.max_depth_mm) for q in valid):
                codes.add("depth_exceeded")
        return codes - self.question.waived

    def arrives(self, person_id: object, span: tuple[int, int]) -> bool:
        """Return whether a person who comes from or goes to another location has time for the way."""
        for who, location_id, start, end in self.elsewhere:
            minutes = self.location.travel_minutes.get(location_id, 0)
            on_the_way = [
                tick
                for tick in range(*span)
                if start * 5 - minutes <= tick * 5 < start * 5 or end * 5 <= tick * 5 < end * 5 + minutes
            ]
            if who == person_id and on_the_way:
                return False
        return True

    def deep_enough(self, code: str, limits: object) -> bool:
        for area in self.question.areas or self.procedure.areas:
            limit = limits.get(area) if isinstance(limits, dict) else limits
            limit = default_depth_limit(code, area) if limit is None else limit
            if self.procedure.depth_mm is not None and limit is not None and self.procedure.depth_mm > limit:
                return False
        return True

    def lead_codes(self, person: Therapist, start: int) -> set[str]:
        """Return the codes against a therapist who leads the visit."""
        procedure = self.procedure
        spans = timetable(procedure.phases, start)
        led = [span for span, phase in zip(spans, procedure.phases, strict=True) if phase.therapist]
        groups = [(code,) for code in procedure.qualifications]
        groups += [procedure.qualifications_any] if procedure.qualifications_any else []
        return self.person_codes(person, groups, led, start, leads=True)

    def staff_possible(self, start: int) -> bool:
        """Try every leading therapist with every choice of assistants."""
        procedure, here = self.procedure, self.location.id
        spans = timetable(procedure.phases, start)
        employed = [
            p
            for p in self.catalog.therapists.values()
            if p.active
            and (p.working_hours.get(here) or any(d.periods for d in p.special_hours.get(here, ())))
        ]
        if not any(phase.therapist for phase in procedure.phases):
            leads: list[object] = [None]
        elif self.question.therapist_id:
            named = self.catalog.therapists[self.question.therapist_id]
            leads = [] if self.lead_codes(named, start) else [named.id]
        else:
            leads = [p.id for p in employed if p.treats and not self.lead_codes(p, start)]
        needs = [(span, p.assistant) for span, p in zip(spans, procedure.phases, strict=True) if p.assistant]
        pools = [
            [p.id for p in employed if not self.person_codes(p, [(code,)], [span], start, leads=False)]
            for span, code in needs
        ]
        for lead, *helpers in product(leads, *pools):
            clash = any(
                helpers[i] == helpers[j] and meets(needs[i][0], needs[j][0])
                for i in range(len(needs))
                for j in range(i)
            )
            if lead not in helpers and not clash:
                return True
        return False

    def places_possible(self, start: int) -> bool:
        """Try every way through every lane with every choice of devices."""
        return any(
            self.devices_possible(start, way, devices)
            for way in self.ways(start)
            for devices in self.device_choices(start)
        )

    def ways(self, start: int) -> Iterator[dict[int, tuple[object, int]]]:
        """Yield a lane for each phase with a room, such that every rule of rooms is kept."""
        phases, spans = self.procedure.phases, timetable(self.procedure.phases, start)
        order = sorted((spans[i], i) for i in range(len(phases)) if phases[i].room_kinds)
        here = [r for r in self.catalog.rooms.values() if r.active and r.location_id == self.location.id]
        lanes = [(r, lane) for r in here for lane in range(r.capacity)]
        for choice in product(lanes, repeat=len(order)):
            runs = self._runs(choice, order)
            if runs is not None and self._runs_fit(runs):
                yield {i: (room.id, lane) for (_, i), (room, lane) in zip(order, choice, strict=True)}

    def _runs(self, choice: tuple, order: list) -> list | None:
        runs: list = []
        for (room, lane), (span, i) in zip(choice, order, strict=True):
            kinds = self.procedure.phases[i].room_kinds
            if runs and span[0] <= runs[-1][2] and runs[-1][0].kind in kinds:
                if (runs[-1][0], runs[-1][1]) != (room, lane):
                    return None
                runs[-1][2] = max(runs[-1][2], span[1])
            elif room.kind in kinds:
                runs.append([room, lane, span[1], span[0]])
            else:
                return None
        return runs

    def _runs_fit(self, runs: list) -> bool:
        claims = [(room, lane, (begin, end)) for room, lane, end, begin in runs]
        named = self.catalog.rooms.get(self.question.room_id) if self.question.room_id else None
        if self.question.room_id:
            if named is None or named.kind not in {room.kind for room, _, _ in claims}:
                return False
            if any(room.kind == named.kind and room.id != named.id for room, _, _ in claims):
                return False
        twice = any(
            claims[i][:2] == claims[j][:2] and meets(claims[i][2], claims[j][2])
            for i in range(len(claims))
            for j in range(i)
        )
        return not twice and all(is_free(self.taken, room.id, lane, span) for room, lane, span in claims)

    def device_choices(self, start: int) -> Iterator[dict[frozenset[str], object]]:
        """Yield a free device for each set of kinds, no device twice at once."""
        phases, spans = self.procedure.phases, timetable(self.procedure.phases, start)
        sets = list(dict.fromkeys(frozenset(p.device_kinds) for p in phases if p.device_kinds))
        needed = {
            s: [spans[i] for i, p in enumerate(phases) if p.device_kinds and frozenset(p.device_kinds) == s]
            for s in sets
        }
        here = [d for d in self.catalog.devices.values() if d.active and d.location_id == self.location.id]
        pools = [
            [d for d in here if d.kind in s and all(is_free(self.taken, d.id, 0, span) for span in needed[s])]
            for s in sets
        ]
        for choice in product(*pools):
            clash = any(
                choice[i].id == choice[j].id
                and any(meets(a, b) for a in needed[sets[i]] for b in needed[sets[j]])
                for i in range(len(sets))
                for j in range(i)
            )
            if not clash:
                yield dict(zip(sets, choice, strict=True))

    def devices_possible(self, start: int, way: dict, devices: dict) -> bool:
        """Return whether every device that is fixed to a room serves phases in that room only."""
        del start
        for i, phase in enumerate(self.procedure.phases):
            if phase.device_kinds and phase.room_kinds:
                device = devices[frozenset(phase.device_kinds)]
                if device.room_id is not None and way[i][0] != device.room_id:
                    return False
        return True
