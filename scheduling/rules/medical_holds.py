"""Turns medical holds and a patient's age into the dates that they forbid."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from scheduling.catalog import Procedure
from scheduling.clinical import atoms
from scheduling.months import birthday
from scheduling.questions import MedicalHold, Patient, Question
from scheduling.rulebook import HoldRule
from scheduling.rules.bans import Ban
from scheduling.rules.spacing import asked, overlap, treatment

_AGE = "under_age"


def medical_hold_bans(
    question: Question, rules: Mapping[str, HoldRule], *, blocking: bool = True
) -> list[Ban]:
    """Return the dates that medical holds forbid; with `blocking` false those on which they only advise.

    A consultation or a review treats nothing, so no hold stands against it.
    """
    patient, procedure = question.patient, question.procedure
    if patient is None or not procedure.has("procedure"):
        return []
    opened = [
        (rule, ban) for _, rule, ban in _bans_of_opened(asked(question).atoms, patient.medical_holds, rules)
    ]
    found = [*_ban_until_of_age(patient, rules), *opened]
    return [ban for rule, ban in found if rule.blocks is blocking and _stands_against(rule, procedure)]


def _stands_against(rule: HoldRule, procedure: Procedure) -> bool:
    return procedure.has("numbing") or not rule.numbing_only


def medical_holds_against(
    procedure: Procedure, areas: Sequence[str], holds: Iterable[MedicalHold], rules: Mapping[str, HoldRule]
) -> list[tuple[MedicalHold, Ban]]:
    """Return the holds against treating these areas (default: the procedure's), with their bans."""
    if not procedure.has("procedure"):
        return []
    treated = treatment(procedure.code, procedure.family, procedure.counts_as, areas or procedure.areas).atoms
    return [
        (hold, ban)
        for hold, rule, ban in _bans_of_opened(treated, holds, rules)
        if rule.blocks and _stands_against(rule, procedure)
    ]


def _bans_of_opened(
    treated: frozenset[str], holds: Iterable[MedicalHold], rules: Mapping[str, HoldRule]
) -> Iterator[tuple[MedicalHold, HoldRule, Ban]]:
    for hold in holds:
        rule = rules.get(hold.code)
        if rule is None or hold.signed_off or (hold.areas and not overlap(atoms(hold.areas), treated)):
            continue
        until, on = _first_date_after(hold, rule), hold.opened_on
        yield hold, rule, Ban("medical_hold", rule.rule_id, on, until, rule.released_by, hold.id, on)


def _first_date_after(hold: MedicalHold, rule: HoldRule) -> date | None:
    """Return the first date after a hold: the later of the dates that are known, None when none is known."""
    known = [hold.earliest_on] if hold.earliest_on is not None else []
    if hold.resolved_on is not None:
        known.append(hold.resolved_on + timedelta(days=rule.days_after_resolved))
    return max(known, default=None)


def _ban_until_of_age(patient: Patient, rules: Mapping[str, HoldRule]) -> Iterator[tuple[HoldRule, Ban]]:
    """Yield the ban until the patient is old enough, unless an `under_age` hold was signed off."""
    rule = rules.get(_AGE)
    excused = any(hold.code == _AGE and hold.signed_off for hold in patient.medical_holds)
    if rule is None or rule.minimum_age is None or patient.born_on is None or excused:
        return
    of_age = birthday(patient.born_on, rule.minimum_age)
    # The ground of an override is shown with the appointment, so it names no birth date.
    yield rule, Ban("medical_hold", rule.rule_id, date.min, of_age, rule.released_by, patient.id)
