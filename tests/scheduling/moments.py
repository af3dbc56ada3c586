"""Draw random questions about a moment, at a clinic that is free and open at all hours."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduling.bits import Window
from scheduling.catalog import Catalog, Location, Policy, Procedure
from scheduling.engine import check, search
from scheduling.questions import Question
from scheduling.reasons import Refusal
from scheduling.ticks import floor_tick, from_tick, to_tick
from tests.scheduling.cast import create_phase, week
from tests.scheduling.clinical_oracle import clinical_codes
from tests.scheduling.clinics import LOCATION, MOMENTS
from tests.scheduling.histories import PROCEDURE, TEMPLATES, Histories

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A question about a moment, at a clinic that is free and open at all hours."""

    question: Question
    catalog: Catalog
    start: int

    @property
    def on(self) -> date:
        return from_tick(self.start).astimezone(self.question.location.zone).date()

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        window = Window(self.start, self.start + 1)
        return check(self.question, self.catalog, {}, self.start, window).refusals

    def ticks(self, first: date, until: date) -> range:
        """Return the arrivals of the local dates, half-open."""
        zone = self.question.location.zone
        bounds = [floor_tick(datetime.combine(on, time(), zone)) for on in (first, until)]
        return range(*bounds)

    def free(self, first: date, until: date) -> int:
        """Return the number of arrivals that search finds on the local dates, half-open."""
        ticks = self.ticks(first, until)
        if not ticks:
            return 0
        window = Window(ticks.start, ticks.stop)
        return search(self.question, self.catalog, {}, window).starts.bit_count()

    def bookable(self, on: date) -> bool:
        """Return whether the oracle finds an arrival on a date, from the last arrival backwards."""
        ticks = self.ticks(on, on + ONE_DAY)[::-7]
        return any(not clinical_codes(self.question, self.catalog, tick) for tick in ticks)


def asked(seed: int) -> Asked:
    """Draw a question with a single area and a visit of five minutes."""
    chance = random.Random(seed)
    name, begins = chance.choice(MOMENTS)
    zone, start = ZoneInfo(name), to_tick(begins) + chance.randrange(-150, 300)
    histories = Histories(chance, start, zone, reach=chance.choice((3, 12)))
    policy = Policy(
        horizon_days=400,
        consultation_valid_days=chance.choice((1, 9, 30)),
        consultation_renewal_months=chance.choice((0, 1)),
        cooling_off_hours=chance.choice((0, 3, 24, 60)),
        skin_type_extra_days=chance.choice((0, 2)),
    )
    procedure = Procedure(
        id=PROCEDURE,
        code=chance.choice("PQ"),
        family=chance.choice("FG"),
        counts_as=chance.choice((None, "ipl")),
        phases=(create_phase(minutes=5, therapist=False, room_kinds=()),),
        prerequisites=histories.prerequisites(),
    )
    question = Question(
        procedure=procedure,
        location=Location(LOCATION, zone, week("00:00", "24:00"), policy=policy),
        areas=(chance.choice(("FACE", "SCALP", "BACK")),),
        now=from_tick(start) - 3 * ONE_DAY,
        patient=histories.patient(procedure.prerequisites, ()),
        course=histories.course(),
        moves=chance.random() < 0.3,
    )
    rules = tuple(histories.rule(number) for number in range(chance.randint(0, 4)))
    catalog = Catalog({}, {}, {}, {}, {}, rules, histories.hold_rules(), TEMPLATES)
    return Asked(question, catalog, start)


def draw_refused(seed: int, *, with_dates: bool) -> Asked:
    """Draw questions from a seed on until a question's refusals all name a date, or some name none."""
    return next(case for case in map(asked, count(seed)) if _names_dates(case) is with_dates)


def _names_dates(case: Asked) -> bool | None:
    """Return whether every refusal names a date, or None when nothing is refused."""
    dates = [refusal.earliest_on for refusal in case.refusals]
    return None not in dates if dates else None


SEEDS = st.integers(0, 2**48)
ASKED = SEEDS.map(asked)
REFUSED_UNTIL_A_DATE = SEEDS.map(lambda seed: draw_refused(seed, with_dates=True))
REFUSED_WITHOUT_A_DATE = SEEDS.map(lambda seed: draw_refused(seed, with_dates=False))
