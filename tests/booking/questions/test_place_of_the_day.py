"""Everything that reads a person's local time reads it by the clock of where they work on that date."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.catalogue.block_days import occurrences
from booking.questions.zones import SpecialWork, Zones
from models import WorkingHours
from scheduling.bits import Window, positions
from scheduling.catalog import SpecialDay, Therapist, WeeklyPeriod
from scheduling.hours import hours_bits, local_days
from scheduling.ticks import ceil_tick, floor_tick, from_tick
from sync.busy.expansion import expand
from sync.busy.moments import Range
from tests.sync.calendars import calendar, event

HOME = ZoneInfo("Europe/London")
PLACES = {
    UUID(int=number): ZoneInfo(name)
    for number, name in enumerate(
        (
            "Europe/London", "America/New_York", "America/Nuuk", "Asia/Beirut", "Asia/Kathmandu",
            "Australia/Lord_Howe", "Australia/Sydney",
        )
    )
}  # fmt: skip
DAYS = 10
OPENS, CLOSES, NOON = 8 * 60, 17 * 60, time(12)
ONE_DAY, ONE_HOUR = timedelta(days=1), timedelta(hours=1)
# On each of these dates, or within ten days of it, the clocks of at least one of the places change.
CHANGES = [date(2027, 3, 8), date(2027, 3, 24), date(2027, 3, 30), date(2027, 9, 28), date(2027, 10, 27)]
FIRST = st.sampled_from(CHANGES) | st.dates(date(2027, 1, 1), date(2027, 12, 1))
WEEK = st.lists(st.none() | st.sampled_from(list(PLACES)), min_size=7, max_size=7)
# On some dates the person works at another place, or (None) not at the place of the week.
SPECIAL = st.dictionaries(st.integers(0, DAYS - 1), st.none() | st.sampled_from(list(PLACES)), max_size=4)


class Worker:
    """A person who works from 08:00 to 17:00 at one place on each date, if at all."""

    def __init__(self, week: list[UUID | None], first: date, special: dict[int, UUID | None]) -> None:
        self.dates = [first + ONE_DAY * number for number in range(DAYS)]
        self.special = {first + ONE_DAY * number: place for number, place in special.items()}
        self.week = week

    def place(self, on: date) -> UUID | None:
        """Give where the person works on a date."""
        return self.special[on] if on in self.special else self.week[on.weekday()]

    def zone(self, on: date) -> ZoneInfo:
        """Give the zone of a date."""
        place = self.place(on)
        return HOME if place is None else PLACES[place]

    @property
    def zones(self) -> Zones:
        """Give the zones as they are read from the person's hours."""
        there = {"starts": OPENS, "ends": CLOSES, "every_weeks": 1, "valid_from": None, "valid_until": None}
        weekly = [
            (WorkingHours(therapist_id=UUID(int=99), location_id=place, weekday=day, **there), PLACES[place])
            for day, place in enumerate(self.week)
            if place is not None
        ]
        return Zones(HOME, weekly, {on: self._special_work(on) for on in self.special})

    def _special_work(self, on: date) -> list[SpecialWork]:
        place, usual = self.special[on], self.week[on.weekday()]
        if place is not None:
            return [SpecialWork(place, [(OPENS, CLOSES, PLACES[place])])]
        return [] if usual is None else [SpecialWork(usual)]

    @property
    def therapist(self) -> Therapist:
        """Give the person as the engine sees them."""
        weekly: dict[UUID, tuple[WeeklyPeriod, ...]] = {}
        special: dict[UUID, tuple[SpecialDay, ...]] = {}
        for day, place in enumerate(self.week):
            if place is not None:
                weekly[place] = (*weekly.get(place, ()), WeeklyPeriod(day, OPENS, CLOSES))
        for on, place in sorted(self.special.items()):
            usual = self.week[on.weekday()]
            if place is not None:
                special[place] = (*special.get(place, ()), SpecialDay(on, ((OPENS, CLOSES),)))
            elif usual is not None:
                special[usual] = (*special.get(usual, ()), SpecialDay(on))
        return Therapist(UUID(int=99), working_hours=weekly, special_hours=special)


SETTINGS = settings(max_examples=50, deadline=None)
WORKERS = st.builds(Worker, WEEK, FIRST, SPECIAL)


def noons(worker: Worker) -> list[datetime]:
    """Give noon of each date by the clock of where the person works then."""
    return [datetime.combine(on, NOON, worker.zone(on)).astimezone(UTC) for on in worker.dates]


@SETTINGS
@given(WORKERS)
def test_the_zone_of_a_date_a_clock_time_and_an_instant_is_that_of_the_place(worker: Worker) -> None:
    zones, expected = worker.zones, [worker.zone(on) for on in worker.dates]

    assert [zones.on(on) for on in worker.dates] == expected
    assert [zones.of_wall(datetime.combine(on, NOON)) for on in worker.dates] == expected
    assert [zones.of_instant(at) for at in noons(worker)] == expected


def worked(therapist: Therapist, place: UUID, on: date) -> list[datetime]:
    """Give the five minutes of a date, by its clock, in which a person works at a place."""
    zone = PLACES[place]
    first, last = (floor_tick(datetime.combine(on + ONE_DAY * days, time(), zone)) for days in (0, 1))
    window = Window(first, last)
    bits = hours_bits(*therapist.hours_at(place), local_days(zone, window))
    return [from_tick(first + tick).astimezone(zone) for tick in positions(bits)]


@SETTINGS
@given(WORKERS)
def test_hours_begin_and_end_by_the_clock_of_their_place(worker: Worker) -> None:
    therapist = worker.therapist
    for on in worker.dates:
        place = worker.place(on)
        if place is None:
            assert [worked(therapist, other, on) for other in PLACES] == [[]] * len(PLACES)
        else:
            opens = datetime.combine(on, time(8), PLACES[place])
            minutes = [timedelta(minutes=number) for number in range(0, CLOSES - OPENS, 5)]
            assert worked(therapist, place, on) == [opens + one for one in minutes]


@SETTINGS
@given(WORKERS)
def test_a_repeating_block_is_at_noon_wherever_the_person_is(worker: Worker) -> None:
    repeats = {"weekdays": list(range(7)), "until": str(worker.dates[-1])}
    starts = noons(worker)

    found = list(occurrences(worker.zones, starts[0], starts[0] + ONE_HOUR, repeats))

    assert found == [
        (on, (floor_tick(at), ceil_tick(at + ONE_HOUR))) for on, at in zip(worker.dates, starts, strict=True)
    ]


@SETTINGS
@given(WORKERS)
def test_a_calendars_floating_time_is_at_noon_wherever_the_person_is(worker: Worker) -> None:
    daily = [f"DTSTART:{worker.dates[0]:%Y%m%d}T120000", f"RRULE:FREQ=DAILY;COUNT={DAYS}", "DURATION:PT1H"]
    midnight = datetime.combine(worker.dates[0], time(), UTC)
    zones = worker.zones
    within = Range(
        midnight - ONE_DAY * 2,
        midnight + ONE_DAY * (DAYS + 2),
        zones.home,
        {on: zones.on(on) for on in worker.dates},
    )

    (busy,) = expand(calendar(event(*daily)), within).busy.values()

    assert busy == sorted((at, at + ONE_HOUR) for at in noons(worker))
