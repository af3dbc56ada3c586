"""The rules on the patient: spacing and wash-outs, medical holds, prerequisites, areas, numbing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from scheduling.case import Case, Mask
from scheduling.catalog import Catalog
from scheduling.clinical import rank
from scheduling.questions import Question
from scheduling.reasons import Refusal, refuse
from scheduling.rules.areas import area_refusals
from scheduling.rules.bans import Ban, earliest
from scheduling.rules.medical_holds import medical_hold_bans
from scheduling.rules.numbing import numbing_refusals, planned_numbing
from scheduling.rules.prerequisites import CODES, Stretch, stretches
from scheduling.rules.spacing import spacing_bans
from scheduling.scene import Scene

_BY_DATE = ("spacing_floor", "spacing_min", "washout_floor", "washout_min", "medical_hold")


@dataclass(frozen=True, slots=True)
class Record:
    """What a patient's history and medical holds forbid: dates as bans, and the ticks of prerequisites."""

    bans: tuple[Ban, ...]
    stretches: tuple[Stretch, ...]

    def codes(self) -> list[str]:
        """Return every code that refuses some arrival, in the order of the rules."""
        found = {ban.code for ban in self.bans} | {stretch.code for stretch in self.stretches}
        return [code for code in (*_BY_DATE, *CODES) if code in found]


def clinical_record(question: Question, catalog: Catalog) -> Record:
    """Return everything that clinical rules forbid by date, whenever the visit may take place."""
    found, zone = stretches(question), question.location.zone
    bans = (
        *spacing_bans(question, catalog.spacing_rules),
        *medical_hold_bans(question, catalog.hold_rules),
        *(one.ban(zone) for one in found),
    )
    return Record(tuple(ban for ban in bans if not ban.is_empty), tuple(found))


def clinical(case: Case) -> Iterator[Mask]:
    """Refuse the dates that spacing, wash-outs and medical holds forbid, and the ticks of prerequisites."""
    scene = case.scene
    record = clinical_record(scene.question, scene.catalog)
    for code in record.codes():
        forbidden = _by_tick(scene, record, code) if code in CODES else _by_date(scene, record, code)
        yield Mask(code, scene.window.full & ~forbidden, partial(_explain, scene, record, code))


def _by_date(scene: Scene, record: Record, code: str) -> int:
    bits = 0
    for ban in record.bans:
        if ban.code == code:
            bits |= scene.days.between(ban.first, ban.until or date.max)
    return bits


def _by_tick(scene: Scene, record: Record, code: str) -> int:
    return scene.window.spans((one.first, one.until) for one in record.stretches if one.code == code)


def _explain(scene: Scene, record: Record, code: str, at: int) -> tuple[Refusal, ...]:
    on, tick, zone = scene.date_at(at), scene.window.start + at, scene.question.location.zone
    # A date may pass although some hours of it do not, as on the last day of cooling off.
    dated = [ban for ban in record.bans if ban.code not in CODES and ban.covers(on)]
    return _refusals(
        record, [*dated, *(one.ban(zone) for one in record.stretches if one.covers(tick))], code, on
    )


def refusals_on(record: Record, on: date) -> tuple[Refusal, ...]:
    """Return a refusal for each code and rule that forbids a date, with the first date that passes."""
    in_force = [ban for ban in record.bans if ban.covers(on)]
    codes = dict.fromkeys(ban.code for ban in in_force)
    return tuple(refusal for code in codes for refusal in _refusals(record, in_force, code, on))


def _refusals(record: Record, in_force: Sequence[Ban], code: str, on: date) -> tuple[Refusal, ...]:
    own = [ban for ban in in_force if ban.code == code]
    passing = earliest(on, record.bans, in_force)
    rules = dict.fromkeys(ban.rule_id for ban in own)
    return tuple(_refusal([ban for ban in own if ban.rule_id == rule_id], passing) for rule_id in rules)


def _refusal(bans: Sequence[Ban], passing: date | None) -> Refusal:
    return refuse(
        bans[0].code,
        rule_id=bans[0].rule_id,
        earliest_on=None if any(ban.until is None for ban in bans) else passing,
        overridable_by=max((ban.level for ban in bans), key=rank),
        grounds=frozenset(ban.ground for ban in bans),
    )


def one_area(case: Case) -> Iterator[Mask]:
    """Treat a single group of areas in a visit, or no more groups than may be numbed together."""
    yield from map(_always, area_refusals(case.scene.question))


def numbing_works(case: Case) -> Iterator[Mask]:
    """Plan neither too little nor too much numbing, nor too long a gap between it and the needling."""
    longest = case.scene.question.location.policy.numbing_gap_minutes
    for planned in planned_numbing(case.scene.visit):
        yield from map(_always, numbing_refusals(planned, longest))


def _always(refusal: Refusal) -> Mask:
    """Return the mask that refuses every arrival, for a reason that is the same on every date."""
    return Mask(refusal.code, 0, lambda _: (refusal,))
